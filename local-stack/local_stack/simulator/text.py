"""What people write: ordinary sentences, and text that breaks careless programs, wherever GitHub allows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

_HOSTILE_LINES: Final = (
    "'); DROP TABLE pull_requests; --",
    "\"double\", `back` and 'single' quotes",
    "../../../etc/passwd",
    "emoji 🎉 👩‍👩‍👧‍👦 🏳️‍🌈 \U0001d518\U0001d52b",
    "עברית מימין לשמאל and \u202eback again\u202c مرحبا",
    "日本語のタイトルと Ünïcödé, e\u0301 is not é",
    "control \u0001\u0008\u000b\u001b[31mred\u001b[0m\u007f\u0085",
    "\u2028line and\u2029paragraph separators\ufeff",
    '{"type": "STATE", "value": {"bookmarks": {}}}',
    "\\N \\u0000 \\\\ \\",
    "${HOME} $(whoami) {{ template }} %s %d %% {0}",
    "<script>alert('x')</script> &amp;",
    "=cmd|' /C calc'!A0",
    "NULL",
    "NaN",
    "  spaces at both ends\t",
    "@@GLOBAL.version -- /* comment */ \U0010ffff",
)
_HOSTILE_BODIES: Final = (
    *_HOSTILE_LINES,
    "line one\r\nline two\n\n\tline three\r",
    "```sql\nMERGE INTO `x` USING (SELECT '''a''') ON FALSE\n```",
    "long " + "word " * 2_000,
    "\n",
    " ",
)
HOSTILE_LABELS: Final = (
    "good first issue 🎉",
    "a, b; c",
    '"quoted" `ticked`',
    "../up",
    "'; DROP TABLE labels; --",
    "صعب",
    "Size/M",
    "sizeable",
)
_HOSTILE_BRANCHES: Final = (
    "it's",
    'say-"hi"',
    "`whoami`",
    "größe",
    "分支/🎉",
    "x;drop-table--",
    "$(id)",
    "a%20b",
    "…/up",
)
_HOSTILE_PATHS: Final = (
    "dir with spaces/\"quoted\" 'file'.txt",
    "`ticked`/$(id).sh",
    "größe/日本語.md",
    "../outside.txt",
    "new\nline.txt",
    "🎉.md",
    "-rf",
)
_WORDS: Final = tuple(
    """
    add allow avoid batch bound branch build cache check clean client close code commit config count crash
    default delete docs drop empty error extend fail fetch field file fix flag flaky format graph guard handle
    header hide index input keep key label limit line list load lock log make merge metric move name null open
    order page parse path policy pool quota query queue read rebase remove rename report retry review route run
    schema scope send server shard split state store stream sync table test time token trace type update upload
    user validate version wait worker write
    """.split()  # noqa: SIM905 - a list of ninety quoted words reads worse
)
_ENDS: Final = (".py", ".go", ".ts", ".sql", ".md", ".yml", "/index.js", "/main.rs")


class Texts:
    """Pools of text, made once; what is drawn joins two entries, so that hardly any two are equal."""

    def __init__(self, random: Random, *, pool: int = 512) -> None:
        """Makes the pools.

        Args:
            random: Where all draws come from, now and later.
            pool: How many entries each pool has.
        """
        self._random = random
        self._openings = [f"{self._sentence(3).capitalize()}: " for _ in range(pool)]
        self._lines = [self._sentence(6) for _ in range(pool)]
        # Lengths of bodies spread over four powers of two around the median of 91 characters that was measured.
        self._bodies = [
            "\n\n".join(self._sentence(4 + random.getrandbits(5)) + "." for _ in range(1 + random.getrandbits(3) // 4))
            for _ in range(pool)
        ]
        self._paths = [
            f"src/{random.choice(_WORDS)}/{random.choice(_WORDS)}{random.choice(_ENDS)}" for _ in range(pool)
        ]
        for hostile, ordinary in (
            (_HOSTILE_LINES, self._lines),
            (_HOSTILE_BODIES, self._bodies),
            (_HOSTILE_PATHS, self._paths),
        ):
            ordinary[: len(hostile)] = hostile

    def _sentence(self, words: int) -> str:
        return " ".join(self._random.choices(_WORDS, k=words))

    def _one(self, pool: list[str]) -> str:
        return pool[int(self._random.random() * len(pool))]

    def line(self) -> str:
        """One line: a title, the subject of a commit."""
        return self._one(self._openings) + self._one(self._lines)

    def body(self) -> str:
        """Markdown of one or many lines; never empty."""
        return self._one(self._openings) + self._one(self._bodies)

    def path(self) -> str:
        """The path of a file."""
        return self._one(self._paths)

    def branch(self, number: int) -> str:
        """A branch name of its own, by git's rules for names."""
        word = self._random.choice(_HOSTILE_BRANCHES) if self._random.random() < 0.05 else self._random.choice(_WORDS)  # noqa: PLR2004
        return f"{word}-{number}"

    def word(self) -> str:
        """One word of lower-case letters."""
        return self._random.choice(_WORDS)
