"""The command line: arguments into operations, values into text.

`main` is the way in, `application` the table of commands, `boundary` the one place that prints errors.
A command is one file in `commands/`, imported when it is called. Of the whole package only this room
(and the facade `cas/api.py`) looks at the clock, the environment, the current folder and the terminal.
"""
