// wants: compile_error; stdout lacks "never\n"
using System;

class Program
{
    static void Main(string[] args)
    {
        int word = "never";
        Console.WriteLine(word);
    }
}
