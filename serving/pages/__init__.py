"""The pages: server-rendered, thin over the services that the API has too."""

from serving.pages import api_docs, case, files, login, practice, queue, slips, visits, watch

ROUTERS = (
    files.router,
    api_docs.router,
    login.doors,
    login.router,
    queue.router,
    case.router,
    slips.router,
    practice.router,
    watch.router,
    visits.router,
)
