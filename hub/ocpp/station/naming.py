"""What an event of a transaction names, each when it is new: who, where, by which reservation, on which phases."""

from dataclasses import replace

from hub.ocpp.station.flow import Flow
from hub.ocpp.station.messages import Token, TransactionEvent


def named(flow: Flow, told: TransactionEvent) -> TransactionEvent:
    """idToken once, when there is one; the EVSE in each event from when it is known (E01.FR.16): there are CSMSs
    to which an event that names none belongs to EVSE 1."""
    transaction, grant = flow.transaction, flow.grant
    assert transaction is not None
    token = None
    if grant and not transaction.token_told:
        token, transaction.token_told = grant.token, True
        transaction.token, transaction.group = (grant.token.text, grant.token.type), grant.group
    if transaction.stopped_by:  # E07.FR.02
        token, transaction.stopped_by = Token(*transaction.stopped_by), None
    if grant and grant.remote_start_id is not None:
        transaction.remote_start_id = grant.remote_start_id
    reservation = None
    if grant and grant.reservation_id is not None and not transaction.reservation_told:
        reservation, transaction.reservation_told = grant.reservation_id, True  # E03.FR.03
    transaction.plugged_once = transaction.plugged_once or flow.plugged
    owner = Token(*transaction.token) if transaction.token else None
    return replace(
        told,
        token=token,
        owner=owner,
        remote_start_id=transaction.remote_start_id,
        reservation_id=reservation,
        evse_known=flow.plugged or not transaction.begun_nowhere,
        phases=_phases(flow),
    )


def _phases(flow: Flow) -> int | None:
    """How many are used, when energy begins to flow and when that has changed (E03.FR.13/14)."""
    phases, transaction = flow.state.get("phases_active"), flow.transaction
    assert transaction is not None
    if transaction.charging_state != "Charging" or not isinstance(phases, int) or not 1 <= phases <= 3:
        return None
    if phases == transaction.phases_told:
        return None
    transaction.phases_told = phases
    return phases
