# wants: ok; stdout is "Hello, Ada!\nHello, Grace!\n"
use strict;
use warnings;
use lib ".";
use Greet;

open my $names, "<", "data/names.txt" or die "names: $!";
while (my $name = <$names>) {
    chomp $name;
    print Greet::greet($name), "\n";
}
