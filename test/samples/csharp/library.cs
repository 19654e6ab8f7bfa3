// wants: ok; stdout is "1 2 3 5 8 9\na=3 b=2 c=1\n3.1416\n2026/11/22\n48656c6c6f\n"
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading.Tasks;

class Program
{
    static void Check(bool holds)
    {
        if (!holds) throw new InvalidOperationException("the library is not what it was");
    }

    static void Main(string[] args)
    {
        int[] numbers = { 5, 3, 9, 1, 8, 2 };
        Console.WriteLine(string.Join(" ", numbers.OrderBy(n => n)));
        var counts = new SortedDictionary<char, int>();
        foreach (char letter in "abacab") counts[letter] = counts.ContainsKey(letter) ? counts[letter] + 1 : 1;
        Console.WriteLine(string.Join(" ", counts.Select(pair => pair.Key + "=" + pair.Value)));
        Console.WriteLine(Math.PI.ToString("F4", CultureInfo.InvariantCulture));
        string day = new DateTime(2026, 11, 22).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        Console.WriteLine(Regex.Replace(day, "-", "/"));
        Console.WriteLine(string.Concat(Encoding.UTF8.GetBytes("Hello").Select(b => b.ToString("x2"))));

        using (SHA256 sha = SHA256.Create())
        {
            byte[] digest = sha.ComputeHash(Encoding.UTF8.GetBytes("abc"));
            Check(digest[0] == 0xba && digest[1] == 0x78);
        }
        Check(Convert.ToBase64String(new byte[] { 0, 255 }) == "AP8=");
        Check(0.1m + 0.2m == 0.3m);
        Check(new HashSet<int> { 1, 2, 2 }.Count == 2);
        Check(numbers.Where(n => n % 2 == 0).Sum() == 10);
        Check(Task.Run(() => 7).Result == 7);
        string kept = Path.GetTempFileName();
        File.WriteAllText(kept, "kept");
        Check(File.ReadAllText(kept) == "kept");
    }
}
