# Prints "clean" when nothing of any earlier execution can be seen, and otherwise what can be seen.
use strict;
use warnings;
use Cwd;

my @found;
sub names_in { opendir my $place, $_[0] or return; return grep { !/^\.\.?$/ } readdir $place }
for my $place ("/workspace", "/tmp", "/dev/shm") {
    push @found, grep { $_ ne "/workspace/main.pl" } map { "$place/$_" } names_in($place);
}
push @found, map { "process $_" } grep { /^\d+$/ && $_ != 1 && $_ != $$ } names_in("/proc");
my %wanted = map { $_ => 1 } qw(PATH HOME USER LOGNAME SHELL LANG PWD);
push @found, map { "variable $_" } grep { !$wanted{$_} } keys %ENV;
sub lines_of { open my $file, "<", $_[0] or return; return <$file> }
push @found, grep { / \@/ } lines_of("/proc/net/unix");
push @found, "another directory or umask" if getcwd ne "/workspace" || umask != 022;
push @found, "priority" if getpriority(0, 0) != 0 || getpriority(0, 1) != 0;
push @found, map { "descriptor $_" } grep { $_ > 2 && -e "/proc/self/fd/$_" } names_in("/proc/self/fd");
my $held = 0;
/^(?:AnonPages|Shmem):\s*(\d+)/ and $held += $1 for lines_of("/proc/meminfo");
push @found, "$held KiB held" if $held > 48 * 1024;
print @found ? map { "$_\n" } @found : "clean\n";
