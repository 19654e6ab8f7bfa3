# wants: ok; stdout is "1 2 3 5 8 9\na=3 b=2 c=1\n3.1416\n2026/11/22\n48656c6c6f\n"
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use File::Temp qw(tempfile);
use JSON::PP;
use List::Util qw(first max sum);
use Math::BigInt;
use MIME::Base64;
use POSIX qw(strftime);
use Time::Local qw(timegm);

print join(" ", sort { $a <=> $b } 5, 3, 9, 1, 8, 2), "\n";
my %counts;
$counts{$_}++ for split //, "abacab";
print join(" ", map { "$_=$counts{$_}" } sort keys %counts), "\n";
printf "%.4f\n", atan2(0, -1);
(my $day = strftime("%Y-%m-%d", gmtime timegm(0, 0, 0, 22, 10, 2026))) =~ s{-}{/}g;
print "$day\n", unpack("H*", "Hello"), "\n";

sub check { $_[0] or die "the library is not what it was" }

check(decode_json(encode_json({ a => [1, undef, "x"] }))->{a}[2] eq "x");
check(sha256_hex("abc") =~ /^ba7816bf/);
check(decode_base64(encode_base64("\0\xff")) eq "\0\xff");
check(Math::BigInt->new(2)->bpow(64) eq "18446744073709551616");
check(max(1, 5, 3) == 5 && sum(1 .. 4) == 10 && first { $_ > 2 } 1 .. 4);
my ($file, $name) = tempfile();
print $file "kept";
close $file;
open my $again, "<", $name or die;
check(<$again> eq "kept");
