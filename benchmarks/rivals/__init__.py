"""What people have or write instead of our endpoint."""
