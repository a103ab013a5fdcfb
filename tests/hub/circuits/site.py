"""Charging stations on one circuit as the balance sees them, and as they really are."""

from dataclasses import dataclass, field

from hub.charger.claim import Claim
from hub.circuits.balance import Balance, Member, Pace, Step
from hub.circuits.shares import Leaf


@dataclass
class Box:
    """`offers_a`: what it really lets a car draw. `told_a`: what it was told and may have taken already."""

    plugged: bool = False
    online: bool = True
    most_a: float = 32.0
    least_a: float = 6.0
    takes_a: float = 32.0
    """What its car draws at most."""
    safe_a: float = 0.0
    offers_a: float = 0.0
    proven_a: float = 0.0
    told_a: float | None = None
    measured: bool = False
    phases: tuple[int, ...] = (1,)
    """Of the circuit, that it loads."""
    quick: bool = True
    """Does at once what it is told, and shows it."""

    def tell(self, amperes: float) -> None:
        if amperes == (self.proven_a if self.told_a is None else self.told_a) or not self.online:
            return
        self.told_a = amperes
        if self.quick:
            self.confirm()

    def obey(self) -> None:
        """Takes it, and nobody knows yet."""
        self.offers_a = self.offers_a if self.told_a is None else self.told_a

    def confirm(self) -> None:
        if self.told_a is not None and self.online:
            self.offers_a = self.proven_a = self.told_a
            self.told_a = None

    @property
    def draws_a(self) -> float:
        return min(self.offers_a, self.takes_a) if self.plugged else 0.0

    def claim(self) -> Claim:
        held = max(self.proven_a, self.told_a or 0.0)
        return Claim(
            wants=self.plugged and self.online,
            known=self.online,
            least_a=self.least_a,
            most_a=self.most_a,
            rated_a=32.0,
            step_a=1.0,
            floor_a=0.0,
            held_a=held,
            safe_a=0.0 if self.online else self.safe_a,
            draw_a=self.draws_a if self.measured else None,
        )


@dataclass
class Site:
    room_a: float
    boxes: list[Box]
    pace: Pace = field(default_factory=Pace)
    now: float = 1000.0
    priorities: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.balance = Balance(self.pace)
        self.last: Step | None = None

    def leaf(self, number: int) -> Leaf:
        return (f"box{number}", 1)

    def step(self) -> Step:
        members = {
            self.leaf(number): Member(
                box.claim(), [("c", phase) for phase in box.phases], self.priorities.get(number, 0)
            )
            for number, box in enumerate(self.boxes)
        }
        rooms = {("c", phase): self.room_a for phase in (1, 2, 3)}
        self.last = self.balance.step(self.now, members, rooms)
        for number, box in enumerate(self.boxes):
            if box.online:
                box.tell(self.last.given[self.leaf(number)].current_a)
        return self.last

    def settle(self) -> list[float]:
        """Until there is nothing more to tell now."""
        while True:
            before = self.given()
            self.step()
            if self.given() == before:
                return before

    def pass_time(self, seconds: float) -> list[float]:
        """As its shell would: at each change and whenever time alone changes something."""
        end = self.now + seconds
        while True:
            self.settle()
            assert self.last is not None
            if self.last.wake_at is None or self.last.wake_at > end:
                break
            self.now = self.last.wake_at
        self.now = end
        return self.settle()

    def given(self) -> list[float]:
        if self.last is None:
            return []
        return [self.last.given[self.leaf(number)].current_a for number in range(len(self.boxes))]

    def on(self, phase: int) -> list[Box]:
        return [box for box in self.boxes if phase in box.phases]

    def plug(self, *numbers: int) -> list[float]:
        for number in numbers:
            self.boxes[number].plugged = True
        return self.settle()
