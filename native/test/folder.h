// A folder of its own for each test, gone with it.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <string>

struct Folder {
  std::string path;

  Folder() {
    char name[] = "/tmp/sentry-test-XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
};
