"""The same without the host's own API: what is committed as docs/openapi.yaml."""

from tests.api_host.settings import *  # noqa: F403

SPECTACULAR_SETTINGS = SPECTACULAR_SETTINGS | {"PREPROCESSING_HOOKS": ["leads.api.reference.only_ours"]}  # noqa: F405
