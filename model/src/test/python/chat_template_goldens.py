"""Renders every template of ../resources/chat with Python's jinja2, set up as Hugging Face transformers does
(utils/chat_template_utils.py), and writes ../resources/chat/goldens.json, which ChatTemplateTest compares with.

The templates are those of published models, written from memory, and semantics.jinja, one line for each rule.

Run: pip install jinja2==3.1.6 && python chat_template_goldens.py
"""

import datetime
import json
import pathlib

import jinja2
import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

CHAT = pathlib.Path(__file__).parent.parent / "resources" / "chat"
NOW = datetime.datetime(2025, 3, 7, 9, 5, 2)


class Generation(jinja2.ext.Extension):
    """The tag that marks the assistant's part for training; for a prompt it is transparent."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return jinja2.nodes.Scope(body).set_lineno(line)


def raise_exception(message):
    raise jinja2.exceptions.TemplateError(message)


def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


environment = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=[Generation, jinja2.ext.loopcontrols]
)
environment.filters["tojson"] = tojson
environment.globals["raise_exception"] = raise_exception
environment.globals["strftime_now"] = lambda form: NOW.strftime(form)


def say(*turns):
    return [{"role": role, "content": content} for role, content in turns]


CONVERSATIONS = {
    "one user": say(("user", "Hello, who are you?")),
    "system first": say(("system", "You are terse."), ("user", "  Hi\n"), ("assistant", " Hello. "), ("user", "Why?")),
    "long": say(*[(role, f"{role} {i}") for i in range(4) for role in ("user", "assistant")], ("user", "end")),
    "odd text": say(("user", "a {{ b }} {% c %} <|x|> \\n 'q' \"d\" \u00e9\u4f60\U0001f600 & <b>\n\n\ttab")),
    "empty text": say(("user", "")),
    "thinking": say(("user", "1+1?"), ("assistant", "<think>\nhm\n</think>\n\ntwo"), ("user", "sure?")),
    "thinking last": say(("user", "1+1?"), ("assistant", "<think>\nhm\n</think>\n\ntwo")),
    "two users": say(("user", "a"), ("user", "b")),
    "system late": say(("user", "a"), ("assistant", "b"), ("system", "c"), ("user", "d")),
    "unknown role": say(("wizard", "abracadabra")),
    "tool": say(("user", "a"), ("assistant", "b"), ("tool", '{"x": 1}')),
}

TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}

goldens = []
for path in sorted(CHAT.glob("*.jinja")):
    for name, messages in CONVERSATIONS.items():
        golden = {"template": path.name, "conversation": name, "messages": messages}
        try:
            golden["text"] = environment.from_string(path.read_text()).render(
                messages=messages, tools=None, documents=None, add_generation_prompt=True, **TOKENS
            )
        except jinja2.exceptions.TemplateError as e:
            golden["refusal"] = str(e)
        goldens.append(golden)

(CHAT / "goldens.json").write_text(json.dumps(goldens, ensure_ascii=False, indent=1) + "\n")
print(len(goldens), "goldens,", sum("refusal" in g for g in goldens), "refusals")
