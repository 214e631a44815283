"""For the tests of your project: Enrow within the test's own process. Nothing here is imported where it is not used."""
