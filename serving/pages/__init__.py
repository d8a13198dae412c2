"""The pages: server-rendered, thin over the services that the API has too."""

from serving.pages import (
    api_docs,
    case,
    files,
    login,
    map,
    practice,
    progress,
    queue,
    registry,
    reports,
    reviews,
    slips,
    urgings,
    visits,
)

ROUTERS = (
    files.router,
    api_docs.router,
    login.doors,
    login.router,
    queue.router,
    case.router,
    slips.router,
    urgings.router,
    reviews.router,
    reports.router,
    practice.router,
    progress.doors,
    progress.router,
    registry.router,
    registry.of_case,
    map.router,
    visits.router,
)
