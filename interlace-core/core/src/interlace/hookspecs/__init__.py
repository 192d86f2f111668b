"""The hooks of Interlace: specifications and their prose, nothing else.

| file | hooks | called |
|---|---|---|
| `providers` | what a plugin offers, by contract | once per project, when the first name of that kind is looked up |
| `life_cycle` | what happens to a project and a run | each time it happens |
| `policy` | decisions; the first answer counts | when a decision is due |
| `extension` | more hooks | once, while plugins are loaded |

In all of them: an implementation takes the arguments that it names, any subset of the specification's.  It is called
by itself: when it raises, that is recorded as a failure of its plugin and the others are called all the same.  In
strict mode (``plugins: {strict: true}``) the first failure ends the command instead.  Implementations are called in
the order of their distributions' names, then of their entry points' names; ``@hookimpl(tryfirst=True)`` and
``trylast=True`` go before and after.  Wrappers are refused: nobody stands around another plugin's code.
"""
