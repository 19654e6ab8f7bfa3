# wants: ok; stdin "one\n\ttwo  \n\nthree\n"; stdout is "one\n\ttwo  \n\nthree\n"
use strict;
use warnings;

print while <STDIN>;
