<?php // wants: ok; stdin "one\n\ttwo  \n\nthree\n"; stdout is "one\n\ttwo  \n\nthree\n"
stream_copy_to_stream(STDIN, STDOUT);
