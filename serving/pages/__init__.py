"""The pages: server-rendered, thin over the services that the API has too."""

from serving.pages import api_docs, files, login

ROUTERS = (files.router, api_docs.router, login.doors, login.router)
