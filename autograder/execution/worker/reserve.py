"""Memory that the cells of a notebook cannot use up, so that its answer can still be exported."""

import resource

SIZE = 512 * 2**20  # bytes; without them TensorFlow crashes where it cannot start a thread


def hold() -> None:
    """Let cells meet a ``MemoryError`` a little earlier, if the memory is limited at all."""
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    if most != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_AS, (max(most - SIZE, most // 2), most))


def release() -> None:
    """Let what follows use all of it."""
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
