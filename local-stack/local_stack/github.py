"""The simulated GitHub as a process of its own: `python -m local_stack.github FOLDER PORT`.

The organization lives in this process's memory. It is made from the folder's recipe, and every evolution asked of it
is added to the recipe before it is confirmed.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from local_stack.process import LOOPBACK, Program, Server
from local_stack.state import DataFolder, Evolution

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from local_stack.simulator.model import World
    from local_stack.state import Recipe

_EVOLVE = "/_local_stack/evolve"
_PASSED_ON = ("LOCAL_STACK_CACHE",)


def server(folder: DataFolder) -> Server:
    """The server of the simulated GitHub whose recipe is in `folder`; its log is in the folder's `github`."""
    return Server(
        "github",
        folder.path / "github",
        lambda: Program(
            command=lambda port: [sys.executable, "-m", "local_stack.github", str(folder.path.absolute()), str(port)],
            health="/_local_stack/health",
            environment={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            ready_within=900,  # it generates the organization first
        ),
    )


def make(recipe: Recipe) -> World:
    """Makes the world that a recipe describes, always the same.

    Raises:
        ValueError: The recipe describes none.
        OSError: A recording cannot be read.
    """
    from local_stack.simulator import generator, recordings  # noqa: PLC0415 - the other commands do without

    world = recordings.load(Path(recipe.recordings), now=recipe.now) if recipe.recordings else None
    if recipe.repositories or world is None:
        world = generator.generate(
            organization=recipe.organization,
            repositories=recipe.repositories,
            pull_requests=recipe.pull_requests,
            seed=recipe.seed,
            now=recipe.now,
            into=world,
        )
    return world


def repeat(world: World, evolutions: Iterable[Evolution], clock_offset: int) -> None:
    """Lets all that has happened since happen again; afterwards the clock ticks where it would have been."""
    from local_stack.simulator.evolve import evolve  # noqa: PLC0415 - as above

    for evolution in evolutions:
        world.clock.frozen = evolution.at
        evolve(world, days=evolution.days, seed=evolution.seed, events=evolution.events)
        clock_offset += world.clock.now() - evolution.at
    world.clock.offset, world.clock.frozen = clock_offset, None


class RecordEvolutions:
    """Adds each evolution that `app` carries out to the recipe before the answer says so.

    The clock stands still meanwhile, so that a repetition starts at the same second.
    """

    def __init__(self, app: ASGIApp, world: World, folder: DataFolder) -> None:
        self._app = app
        self._clock = world.clock
        self._folder = folder
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - as ASGI has it
        if scope["type"] != "http" or (scope["method"], scope["path"]) != ("POST", _EVOLVE):
            await self._app(scope, receive, send)
            return
        async with self._one_at_a_time:
            await self._evolve(scope, receive, send)

    async def _evolve(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = bytearray()
        began = self._clock.now()

        async def receive_and_keep() -> Message:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        async def record_and_send(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:  # noqa: PLR2004 - OK
                asked = json.loads(body)
                self._folder.record(Evolution(began, float(asked["days"]), int(asked["seed"]), asked.get("events")))
            await send(message)

        self._clock.frozen = began
        try:
            await self._app(scope, receive_and_keep, record_and_send)
        finally:
            self._clock.offset, self._clock.frozen = self._clock.now() - int(time.time()), None


def main() -> None:
    """Serves until it is told to end."""
    from local_stack.simulator import server as simulator  # noqa: PLC0415 - other commands need `server` alone

    folder = DataFolder(Path(sys.argv[1]))
    recipe = folder.recipe()
    world = make(recipe)
    folder.set_organizations([organization.login for organization in world.organizations.values()])
    repeat(world, folder.evolutions(), recipe.clock_offset)
    app = simulator.create_app(world, token=recipe.token)
    app.add_middleware(RecordEvolutions, world=world, folder=folder)
    simulator.server(app, host=LOOPBACK, port=int(sys.argv[2])).run()


if __name__ == "__main__":
    main()
