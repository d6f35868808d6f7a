"""The route by which a person, or the company's own system, proposes a message to a customer."""

from http import HTTPStatus
from uuid import UUID

from beforehand.adapters.postgres import Row
from beforehand.api.problems import refuse
from beforehand.api.routes import Call, Routes
from beforehand.outreach import proposing
from beforehand.outreach.cases import GOES
from beforehand.outreach.cases import Answer as Word
from beforehand.outreach.cases_store import PostgresCases
from beforehand.outreach.channels.available import not_set_up
from beforehand.outreach.channels_store import PostgresChannels
from beforehand.outreach.delivery.model import Mode
from beforehand.outreach.gate.model import Action, Facts, Planned
from beforehand.outreach.gate_says import Said, facts_of, policy_at, would_say
from beforehand.outreach.ledger_store import PostgresLedger
from beforehand.outreach.messages.model import Company, MessageError, NoTemplateError, TemplateError, Words
from beforehand.outreach.messages.routes import company_of
from beforehand.outreach.messages.store import PostgresTemplates
from beforehand.outreach.model import Channel, Proposal, Purpose, State
from beforehand.outreach.person_first import PersonFirst, approval, propose_first
from beforehand.outreach.proposal_documents import ProposedMessage, ProposedOutreach, ShownMessage
from beforehand.outreach.store import PostgresOutreach
from beforehand.results import Status

ADDRESSES = {Channel.EMAIL: "e-mail address", Channel.SMS: "phone number"}
SETTING = {Channel.EMAIL: "email_from", Channel.SMS: "sms_origination", Channel.WEBHOOK: "webhook_url"}
WORD = {Action.SEND: "let it go", Action.HOLD: "hold it", Action.SKIP: "skip it", Action.EXPIRE: "end it"}
routes = Routes()


@routes.add("POST /v1/outreach", status=HTTPStatus.CREATED, refuses=(HTTPStatus.CONFLICT, HTTPStatus.NOT_FOUND))
def propose_outreach(call: Call, body: ProposedMessage) -> ProposedOutreach:
    """Propose a message to a customer; the gate decides when it is due, and with `preview` nothing is kept."""
    policy = policy_at(call, call.now)
    facts = facts_of(call, body.customer_id, policy=policy, at=call.now)
    channel = Channel(body.channel)
    _must_reach(call, facts, channel)
    message = _message(call, body, facts, channel)
    proposal = _proposal(call, body, facts)
    planned = Planned(
        outreach_id=proposal.outreach_id, purpose=proposal.purpose, channel=channel, due_at=proposal.due_at,
        not_after=proposal.not_after, automated=proposal.automated,
    )  # fmt: skip
    gate = would_say(facts, planned, policy=policy, at=call.now)
    wish = _approval(call, body, proposal)
    if body.preview:
        because = f"nothing is kept; {_foreseen(call, gate, proposal, wish)}"
        return ProposedOutreach(
            outreach_id=proposal.outreach_id, kept=False, new=False, state=None, hold=None, case_id=None,
            due_at=proposal.due_at, not_after=proposal.not_after, because=because, gate=gate, message=message,
        )  # fmt: skip
    outreach = PostgresOutreach(call.transaction)
    if wish is None:
        [result] = outreach.propose([proposal], now=call.now)
    else:
        [result] = propose_first([wish], outreach=outreach, cases=PostgresCases(call.transaction), now=call.now)
    kept = _kept(call, proposal.outreach_id)
    is_new = result.status is Status.DONE
    because = _foreseen(call, gate, proposal, wish) if is_new else f"{result.because}: it is {kept['state']}"
    if is_new:
        call.audit(
            "outreach.propose", proposal.outreach_id, customer_id=proposal.customer_id, because=proposal.because,
            after={**{name: kept[name] for name in AUDITED}, "needs_approval": wish is not None},
        )  # fmt: skip
    return ProposedOutreach(
        outreach_id=proposal.outreach_id, kept=True, new=is_new, state=kept["state"], hold=kept["hold"],
        case_id=PostgresLedger(call.transaction).open_case(proposal.outreach_id), due_at=kept["due_at"],
        not_after=kept["not_after"], because=because, gate=gate, message=None,
    )  # fmt: skip


AUDITED = ("purpose", "cycle", "step", "channel", "state", "hold", "priority", "due_at", "not_after", "automated",
           "language", "template", "follows_id")  # fmt: skip


def _must_reach(call: Call, facts: Facts, channel: Channel) -> None:
    """Raises the refusal of a channel that cannot reach them, with what to do about it."""
    there = call.settings.channels
    if there is not None and channel not in there.split(","):
        problem = f"{not_set_up(channel)}; an engineer sets {SETTING[channel]} of the stage and deploys it"
        raise refuse(HTTPStatus.CONFLICT, "Nothing goes out by this channel.", {"channel": problem})
    if not facts.address(channel):
        where = f"PATCH /v1/customers/{facts.person.customer_id}"
        problem = f"no {ADDRESSES[channel]} of theirs is known; give one by {where}, or name another channel"
        raise refuse(HTTPStatus.CONFLICT, "This customer cannot be reached by this channel.", {"channel": problem})


def _message(call: Call, body: ProposedMessage, facts: Facts, channel: Channel) -> ShownMessage:
    """The message as it would leave now. Raises the refusal that names what is wrong with it."""
    from beforehand.outreach.messages.previewing import lay_out  # noqa: PLC0415 - see `previewing`

    company = company_of(call)
    try:
        words = _words(call, body, facts, company)
        laid_out = lay_out(
            subject=words.subject, body=words.body, language=words.language, channel=channel, company=company
        )
    except NoTemplateError as error:
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error}.", {"template": str(error)}) from None
    except TemplateError as error:
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error}.", {str(error.part): error.problem}) from None
    except MessageError as error:
        field = "body" if body.template is None else "template"
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, f"{error}.", {field: str(error)}) from None
    return ShownMessage(
        subject=laid_out.composed.subject,
        text=laid_out.composed.text,
        html=laid_out.composed.html,
        language=words.language,
        because="; ".join(filter(None, (words.because, laid_out.composed.because))),
        template_version=words.template_version,
        segments=laid_out.segments and laid_out.segments.count,
    )


def _words(call: Call, body: ProposedMessage, facts: Facts, company: Company) -> Words:
    if body.template is None:
        language = _language(body, facts, company)
        return Words(subject=body.subject or "", body=body.body or "", language=language)
    from beforehand.outreach.messages.checking import check_proposal  # noqa: PLC0415 - see `previewing`
    from beforehand.outreach.messages.render import render  # noqa: PLC0415 - see `previewing`

    templates = PostgresTemplates(call.transaction).catalogue()
    check_proposal(templates, body.template, body.variables)
    return render(
        templates, body.template, facts.language or body.language, body.variables,
        person_name=facts.name, person_zone=facts.person.zone, company=company,
    )  # fmt: skip


def _language(body: ProposedMessage, facts: Facts, company: Company) -> str:
    return body.language or facts.language or company.language


def _proposal(call: Call, body: ProposedMessage, facts: Facts) -> Proposal:
    try:
        due_at, not_after = proposing.times(body.due_at, body.not_after, now=call.now)
    except proposing.UnfitTimeError as error:
        problem = {error.field: str(error)}
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "The body does not fit.", problem) from None
    try:
        place = proposing.place(
            body.customer_id, cycle=body.cycle, user=call.caller.user, key=call.key, followed=_followed(call, body)
        )
    except proposing.CannotFollowError as error:
        raise refuse(HTTPStatus.CONFLICT, "That outreach cannot be followed.", {"follows": str(error)}) from None
    purpose = Purpose(body.purpose)
    automated = proposing.is_automated(purpose, body.automated)
    who = "the company's own system" if automated else "a person"
    return Proposal(
        customer_id=body.customer_id,
        purpose=purpose,
        cycle=place.cycle,
        step=place.step,
        channel=Channel(body.channel),
        priority=body.priority,
        due_at=due_at,
        not_after=not_after,
        language=_language(body, facts, company_of(call)),
        subject=body.subject or "",
        body=body.body or "",
        because=body.because or f"{who} proposed it",
        run_id=None,
        held=body.hold or body.needs_approval,
        automated=automated,
        template=body.template,
        variables=body.variables if body.template is not None else None,
        follows_id=place.follows_id,
    )


def _followed(call: Call, body: ProposedMessage) -> proposing.Followed | None:
    if body.follows is None:
        return None
    ledger = PostgresLedger(call.transaction)
    found = ledger.find(body.follows)
    if found is None:
        problem = {"follows": "there is no such outreach"}
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "The body does not fit.", problem)
    return proposing.Followed(
        outreach_id=found["outreach_id"], customer_id=found["customer_id"], cycle=found["cycle"],
        step=found["step"], state=State(found["state"]), case_id=ledger.open_case(body.follows),
    )  # fmt: skip


def _kept(call: Call, outreach_id: UUID) -> Row:
    found = PostgresLedger(call.transaction).find(outreach_id)
    assert found is not None
    return found


def _approval(call: Call, body: ProposedMessage, proposal: Proposal) -> PersonFirst | None:
    """The message with the case of an admin who approves it, where that is wished for."""
    if not body.needs_approval:
        return None
    try:
        due = proposing.approve_by(body.approve_by, not_after=proposal.not_after, now=call.now)
    except proposing.UnfitTimeError as error:
        problem = {error.field: str(error)}
        raise refuse(HTTPStatus.UNPROCESSABLE_ENTITY, "The body does not fit.", problem) from None
    otherwise = None if body.otherwise is None else Word(body.otherwise)
    return approval(proposal, now=call.now, approve_by=due, otherwise=otherwise)


def _foreseen(call: Call, gate: Said, proposal: Proposal, wish: PersonFirst | None) -> str:
    """What is to be expected of a message, in one sentence."""
    until = f" until {gate.until:%Y-%m-%d %H:%M} UTC" if gate.until else ""
    told = f"the gate would {WORD[gate.action]}{until}: {gate.because}"
    if wish is not None:
        case = wish.case
        ends = GOES[case.otherwise] if case.otherwise else ""
        told = (
            f"it waits for an admin who approves it, due {case.due_at:%Y-%m-%d %H:%M} UTC; if nobody takes that by "
            f"{case.otherwise_at:%Y-%m-%d %H:%M} UTC, {ends}; then {told}"
        )
    elif proposal.held:
        told = f"it waits for a person who lets it go; then {told}"
    modes = {one.channel: one.mode for one in PostgresChannels(call.transaction).everyone()}
    if modes.get(proposal.channel) is Mode.DRY_RUN:
        return f"{told}; {proposal.channel} is in dry run, so what may go is held until it is enabled"
    if modes.get(proposal.channel) is Mode.OFF:
        return f"{told}; {proposal.channel} is off, so it waits until that is enabled"
    return told
