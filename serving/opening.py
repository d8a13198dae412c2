"""Opening the store as the service does. Light: a process that only supervises does it too."""

from __future__ import annotations

from docket.store import Store, StoreError, open_store
from docket.store.ownership import check_secret, claim


def opened(url: str, wait: float | None = None, *, test: bool = False) -> Store:
    """The store, unless it was written with another secret than the one at hand, or for another purpose.

    Parameters
    ----------
    wait
        As in `docket.store.open_store`.
    test
        Whether its cases are only a test's; noted in it for good.

    Raises
    ------
    docket.store.StoreError
        Saying so.
    """
    store = open_store(url, wait=wait)
    try:
        with store.begin() as conn:
            check_secret(conn)
            claim(conn, test=test)
    except StoreError:
        store.close()
        raise
    return store
