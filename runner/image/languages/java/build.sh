# Compiles our part of Java, and makes the archive that every machine starts from: classes as they are
# in memory after warming up, and what the compiler of machine code has learned of them.
set -eu
cd /opt/coderunner/languages/java
mkdir -p /tmp/classes
compiler=jdk.compiler/com.sun.tools.javac
javac -d /tmp/classes --add-exports "$compiler.api=ALL-UNNAMED" --add-exports "$compiler.util=ALL-UNNAMED" ./*.java
cp -r samples /tmp/classes/
jar --create --no-compress --file boot.jar --date=2026-01-01T00:00:00Z -C /tmp/classes .
./java -XX:AOTMode=record -XX:AOTConfiguration=/tmp/java.aotconf > /tmp/said 2>&1 || { cat /tmp/said; exit 1; }
./java -XX:AOTMode=create -XX:AOTConfiguration=/tmp/java.aotconf -XX:AOTCache="$PWD/cache.aot"
rm -rf /tmp/said /tmp/classes /tmp/java.aotconf ./*.java ./*.c samples build.sh
