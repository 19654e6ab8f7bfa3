# wants: output_limit; within 2500 ms; stdoutBytes >= 64000000; stdout starts with "y\ny\n"
# One short line for ever.
yes
