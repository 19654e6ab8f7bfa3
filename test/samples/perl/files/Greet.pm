package Greet;

sub greet {
    my ($name) = @_;
    return "Hello, $name!";
}

1;
