"""How a request proves who we are: an Atlassian account's e-mail and one of its API tokens, over basic authentication."""

from __future__ import annotations

import base64

import requests
from requests.auth import AuthBase


class TokenAuth(AuthBase):
    """`Authorization: Basic` of `email:api_token`. Passwords do not work on Cloud; tokens live at most a year."""

    def __init__(self, email: str, api_token: str) -> None:
        self._header = "Basic " + base64.b64encode(f"{email}:{api_token}".encode()).decode()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request
