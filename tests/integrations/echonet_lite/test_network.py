"""One stack for all who use it."""

from integrations.echonet_lite.network import NETWORKS
from integrations.echonet_lite.stack import StackSettings
from tests.integrations.echonet_lite.peer import interface


async def test_all_share_one_stack_until_the_last_one_goes() -> None:
    async with NETWORKS.use(StackSettings((interface(),), b"evhub-test-07")) as first:
        async with NETWORKS.use() as second:
            assert second is first
        assert first.stack.links.hosts
    assert not first.stack.links.hosts
    assert first.task.done()
    async with NETWORKS.use(StackSettings((interface(),), b"evhub-test-08")) as third:
        assert third is not first
