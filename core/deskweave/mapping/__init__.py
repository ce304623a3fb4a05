"""Binding to Mapper: the one interpreter of `bindings/*.yaml`. A connector brings only how its platform spells values."""

from deskweave.mapping.codec import Codec, Codecs, PeopleCodec, Unmapped, text_codec
from deskweave.mapping.mapper import BoundMapper, Dialect

__all__ = ["BoundMapper", "Codec", "Codecs", "Dialect", "PeopleCodec", "Unmapped", "text_codec"]
