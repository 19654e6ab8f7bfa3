// wants: ok; args ["a b", "", "-x", "ü*", "--", "$HOME"]; stdout is "6\n[a b]\n[]\n[-x]\n[ü*]\n[--]\n[$HOME]\n"
using System;

class Program
{
    static void Main(string[] args)
    {
        Console.WriteLine(args.Length);
        foreach (string argument in args) Console.WriteLine("[" + argument + "]");
    }
}
