#!/bin/bash
# Compile the function into environment/, with the Flink that the Python package brings.
set -euo pipefail
cd "$(dirname "$0")"
flink="$("${1:?the Python that has pyflink}" -c 'import pyflink; print(pyflink.__path__[0])')"
mkdir -p environment/classes
mvn -B -q -ntp -f pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies \
    "-DoutputDirectory=$PWD/environment/jars"
javac -nowarn -cp "$flink/lib/*:environment/jars/*" -d environment/classes Judge.java
jar --create --file environment/judge.jar -C environment/classes .
