using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

// What short programs do, once, with harmless content.
interface IShape { double Area(); }

struct Circle : IShape
{
    public double Radius;
    public double Area() => Math.PI * Radius * Radius;
}

class Warm
{
    enum Color { Red, Green }

    static int Fib(int n) => n < 2 ? n : Fib(n - 1) + Fib(n - 2);

    static IEnumerable<int> Count(int to)
    {
        for (int i = 0; i < to; i++) yield return i;
    }

    static T Largest<T>(List<T> list) where T : IComparable<T>
    {
        T best = list[0];
        foreach (var one in list) if (one.CompareTo(best) > 0) best = one;
        return best;
    }

    static async Task<int> Later()
    {
        await Task.Yield();
        return 1;
    }

    static int Main(string[] args)
    {
        string name = args.Length > 0 ? args[0] : "nobody";
        Console.WriteLine("hello, " + name + " ünd " + Fib(12) + ' ' + 1.5 + true);
        Console.WriteLine($"{42,5} {3.14159:F2} {255:x} {Color.Red} {DateTime.UtcNow:yyyy}");
        Console.WriteLine("{0} {1}", 1, "two");
        Console.Write("no line");
        Console.WriteLine();
        var numbers = new List<int> { 3, 1, 2 };
        numbers.Sort();
        foreach (var n in numbers) Console.WriteLine(n);
        var counts = new Dictionary<string, int>();
        foreach (var word in "a b a".Split(' ')) counts[word] = counts.TryGetValue(word, out int c) ? c + 1 : 1;
        foreach (var pair in counts.OrderBy(p => p.Key)) Console.WriteLine(pair.Key + pair.Value);
        Console.WriteLine(string.Join(",", numbers.Where(n => n % 2 == 1).Select(n => n * n)));
        Console.WriteLine(Enumerable.Range(1, 5).Sum() + Count(3).Sum() + Largest(numbers));
        var text = new StringBuilder();
        for (int i = 0; i < 3; i++) text.Append(i).Append(',');
        IShape shape = new Circle { Radius = 1 };
        Console.WriteLine(text.ToString() + shape.Area() + (1, "b"));
        try { throw new InvalidOperationException("warm"); }
        catch (Exception error) when (error.Message == "warm") { Console.Error.WriteLine(error); }
        finally { Console.Error.WriteLine("finally"); }
        int[,] grid = new int[2, 2];
        Func<int, Func<int, int>> add = a => b => a + b + grid[0, 1];
        var thread = new Thread(() => Console.WriteLine(add(1)(2)));
        thread.Start();
        thread.Join();
        Console.WriteLine(Later().Result + int.Parse("12") + new StringReader("a\nb").ReadLine());
        return 0;
    }
}
