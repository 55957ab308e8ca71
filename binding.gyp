# The shop: what ships, built by node-gyp on install, or ahead of it by `npm run prebuild`.
# The workbench (C++ tests, sanitizers, fuzzers) is CMakeLists.txt. Both read native/sources.txt.
{
  "target_defaults": {
    "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
    # The last: in a worker thread that is being terminated nothing can be thrown; that must not end the whole process.
    "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
    # Node's own -std, which differs by its version, is taken out; exceptions and RTTI are off by node-gyp's defaults.
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": ["-std=c++20", "-Wall", "-Wextra", "-fvisibility=hidden", "-fvisibility-inlines-hidden"],
    # Node's headers for add-ons say -O3; there is nothing here that gains by it.
    "cflags!": ["-O3"],
    "cflags": ["-O2"],
    # A child's first call of a function must not look it up: that takes the dynamic linker's lock, in the parent's memory.
    # Node unloads an addon when the worker thread that loaded it ends, whatever threads of ours are still running in
    # it (one that hangs in an exec cannot be waited for), and whatever signal handlers point into it: so it stays.
    "ldflags": ["-Wl,-z,now", "-Wl,-z,nodelete"]
  },
  "targets": [
    {
      # A target of its own for its flags: with what a distribution's compiler turns on by itself, a child would call
      # into the C library between clone and exec. test/native/after-clone.test.ts reads its names.
      "target_name": "after_clone",
      "type": "static_library",
      "standalone_static_library": 1,
      "sources": ["native/after_clone.cc"],
      "cflags_cc": ["-fno-stack-protector", "-U_FORTIFY_SOURCE"]
    },
    {
      # A program of its own, build/Release/sentry-keeper. Static where there is a C library for that: in a package it
      # then runs on any libc.
      "target_name": "sentry-keeper",
      "type": "executable",
      "product_extension": "",
      "sources": ["native/keeper.c"],
      "cflags": ["-std=c11", "-Wall", "-Wextra"],
      "ldflags!": ["-Wl,-z,nodelete"],
      "ldflags": ["<!(echo 'int main(void) { return 0; }' | ${CXX:-g++} -static -x c - -o /dev/null 2> /dev/null && echo -static || echo -Wl,-z,now)"]
    },
    {
      "target_name": "sentry",
      "dependencies": ["after_clone"],
      "sources": ["<!@(grep -v after_clone native/sources.txt)"]
    }
  ]
}
