"""What the reference classes say about the present case: that it is one of them, or that it lies between them."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AfterValidator, Discriminator, Tag, WithJsonSchema, model_validator

from forecast.study.document.fields import ID_PATTERN, Block, Id, NonNegative, field_error

_Weights = dict[Id, NonNegative]


class Reference(Block):
    """Weights of reference classes: `one_of` or `blend`. Weights without a word mean `one_of`."""

    one_of: _Weights | None = None
    """Probability that the present case belongs to each class; what is left is that of a class not seen. Quiet time and
    resolutions move it by Bayes' rule; judgments do not."""
    blend: _Weights | None = None
    """Weights of an average of the classes' log rates or log odds: the present case lies between them."""

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        if (self.one_of is None) == (self.blend is None):
            raise field_error("expected either `one_of` or `blend`, with the weight of each class; give one of them")
        return self

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each class, by id."""
        return dict(self.one_of or self.blend or {})

    @property
    def word(self) -> str:
        """What the weights stand under in the document, for the places of errors."""
        return ".one_of" if self.blend is None else ".blend"


class PlainReference(Reference):
    """Weights alone. None at all: the present case is of a class not seen."""

    @property
    def word(self) -> str:
        """They stand under no word."""
        return ""


def _tag(value: object) -> str:
    """Whether the weights stand alone, or under a word that says what they mean."""
    is_block = isinstance(value, Reference) or (
        isinstance(value, dict)
        and any(name in value and not isinstance(value[name], int | float) for name in Reference.model_fields)
    )
    return "<block>" if is_block else "<weights>"


_WEIGHTS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "propertyNames": {"pattern": ID_PATTERN},
    "additionalProperties": {"type": "number", "minimum": 0.0},
}

ReferenceField = Annotated[
    Annotated[Reference, Tag("<block>")]
    | Annotated[_Weights, AfterValidator(lambda weights: PlainReference(one_of=weights)), Tag("<weights>")],
    Discriminator(_tag),
    WithJsonSchema(
        {
            "anyOf": [
                _WEIGHTS_SCHEMA,
                {
                    "type": "object",
                    "properties": {
                        name: {**_WEIGHTS_SCHEMA, "description": text}
                        for name, text in (
                            (
                                "one_of",
                                "Probability that the present case belongs to each class; the rest is a class not seen.",
                            ),
                            ("blend", "Weights of an average of the classes' levels."),
                        )
                    },
                    "oneOf": [{"required": ["one_of"]}, {"required": ["blend"]}],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
