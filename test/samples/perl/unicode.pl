# wants: ok; stdin "žluťoučký kůň 🐎\n"; stdout is "Grüße, 世界 🌍\nžluťoučký kůň 🐎\n15\n"
use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));

print "Grüße, 世界 🌍\n";
my $line = <STDIN>;
chomp $line;
print "$line\n", length $line, "\n";
