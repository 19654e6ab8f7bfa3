# wants: ok; stdout is "5000050000\n"
use strict;
use warnings;
use threads;
use List::Util qw(sum);

my @threads = map {
    my $slot = $_;
    threads->create(sub { sum $slot * 25_000 + 1 .. ($slot + 1) * 25_000 });
} 0 .. 3;
print sum(map { $_->join } @threads), "\n";
