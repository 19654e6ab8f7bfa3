// wants: ok; stdin "one\n\ttwo  \n\nthree\n"; stdout is "one\n\ttwo  \n\nthree\n"
use std::io::{copy, stdin, stdout};

fn main() {
    copy(&mut stdin(), &mut stdout()).unwrap();
}
