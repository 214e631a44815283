"""Which of the mapped models a command is about."""

from __future__ import annotations

import difflib

from django.apps import apps
from django.core.management.base import CommandError, CommandParser
from django.db.models import Model

from enrow_webhooks.management.base import wrong_call
from leads.arguments import how_to_map
from leads.mapping import LeadMapping, registry

_OWN_APP = "leads"


def add_model(parser: CommandParser) -> None:
    """Declare the option."""
    parser.add_argument(
        "--model",
        default="",
        metavar="APP.MODEL",
        help="whose leads; not needed where the project maps one model of its own, or only leads.Lead is mapped",
    )


def chosen(label: str) -> LeadMapping:
    """Return the mapping of the model with this label; of the project's only own one, else of leads.Lead, for none.

    Raises CommandError with the choices, or with the lines that map a model which is not mapped.
    """
    return chosen_rows(label)[0]


def chosen_rows(label: str) -> tuple[LeadMapping, type[Model]]:
    """Return the same, and the model whose rows are meant: a proxy's or a child's own are not all of the table.

    Raises CommandError as chosen() does.
    """
    if label:
        return _named(label)
    mapping = _usual()
    return mapping, mapping.model


def chosen_itself(label: str) -> LeadMapping:
    """Return the same for a command that makes rows. A child of a mapped model has the mapping of its parent's rows.

    Raises CommandError for a child, too.
    """
    mapping = chosen(label)
    concrete = mapping.model._meta.concrete_model
    if label and apps.get_model(label)._meta.concrete_model is not concrete:
        raise wrong_call(f"{label} is a child of {_label(mapping)}, which is mapped: give --model {_label(mapping)}.")
    return mapping


def _usual() -> LeadMapping:
    own = [mapping for mapping in registry if mapping.model._meta.app_label != _OWN_APP]
    among = own or list(registry)
    if len(among) == 1:
        return among[0]
    if not among:
        raise wrong_call("No model is mapped to leads; see 'Five minutes with your own table' in docs/tutorial.md.")
    raise wrong_call(f"Several models are mapped: give --model, one of {', '.join(map(_label, registry))}.")


def _named(label: str) -> tuple[LeadMapping, type[Model]]:
    model = next((model for model in apps.get_models() if model._meta.label_lower == label.lower()), None)
    if model is None:
        raise _unknown(label)
    if mapping := registry.of(model):
        return mapping, model
    raise wrong_call(f"{model._meta.label} is not mapped to leads. {how_to_map(model)}")


def _unknown(label: str) -> CommandError:
    known = {_label(mapping): mapping for mapping in registry}
    near = difflib.get_close_matches(label[:100], known, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"Mapped are {', '.join(known) or 'none'}."
    return wrong_call(f"There is no model {label!r}; write APP.MODEL. {hint}")


def _label(mapping: LeadMapping) -> str:
    return mapping.model._meta.label
