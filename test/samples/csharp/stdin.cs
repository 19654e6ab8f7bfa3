// wants: ok; stdin "one\n\ttwo  \n\nthree\n"; stdout is "one\n\ttwo  \n\nthree\n"
using System;

class Program
{
    static void Main(string[] args)
    {
        Console.OpenStandardInput().CopyTo(Console.OpenStandardOutput());
    }
}
