"""A site that forgot to include the webhook URLs."""

urlpatterns: list = []
