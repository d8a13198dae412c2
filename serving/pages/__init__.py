"""The pages: server-rendered, thin over the services that the API has too."""

from serving.pages import api_docs, case, files, login, practice, progress, queue, registry, slips, visits

ROUTERS = (
    files.router,
    api_docs.router,
    login.doors,
    login.router,
    queue.router,
    case.router,
    slips.router,
    practice.router,
    progress.doors,
    progress.router,
    registry.router,
    registry.of_case,
    visits.router,
)
