"""The proxy's configuration. nginx itself reads it where it is installed; what it means here is checked everywhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from django.urls import reverse

from enrow_webhooks.conf import EnrowSettings
from tests import services
from tests.docs.pages import blocks

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
SITE = """
daemon off;
pid {folder}/pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder};
    proxy_temp_path {folder};
    fastcgi_temp_path {folder};
    uwsgi_temp_path {folder};
    scgi_temp_path {folder};
    upstream app {{ server 127.0.0.1:8000; }}
    server {{
        listen unix:{folder}/socket;
        {block}
    }}
}}
"""
each_block = pytest.mark.parametrize("block", blocks(language="nginx"), ids=str)


@each_block
def test_it_is_about_the_address_of_our_events(block):
    """The path is the one where events arrive, nothing logs it, and a body that we take passes whole."""
    directives = dict(re.findall(r"^\s+(\w+) ([^;]+);", block.text, re.MULTILINE))
    prefix = reverse("enrow_webhooks:webhook", args=["token"]).removesuffix("token/")
    assert re.match(r"location (\S+) \{\n", block.text)[1] == prefix
    assert directives["access_log"] == "off"
    limit = EnrowSettings.defaults["MAX_BODY_BYTES"]
    assert directives["client_max_body_size"] == directives["client_body_buffer_size"] == f"{limit >> 20}m"
    assert limit % (1 << 20) == 0


@each_block
def test_nginx_takes_it(block, tmp_path):
    """``nginx -t`` finds nothing to complain about."""
    if NGINX is None:
        reason = "nginx is not installed; on Debian: apt install nginx-light. It alone knows all of its grammar."
        (pytest.fail if services.IS_CI else pytest.skip)(reason)
    site = tmp_path / "nginx.conf"
    site.write_text(SITE.format(folder=tmp_path, block=block.text))
    done = subprocess.run(
        [NGINX, "-t", "-p", str(tmp_path), "-c", str(site)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr
