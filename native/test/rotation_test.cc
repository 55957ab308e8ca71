// Which file of a bounded log is which after a rotation, and what is never touched.
#include "../rotation.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <map>

#include "check.h"
#include "folder.h"

using namespace sentry;
using Files = std::map<std::string, std::string>;  // by name, what is in them

namespace {

struct Logs : Folder {
  std::string file = path + "/log";

  explicit Logs(const Files& files = {}) {
    for (const auto& [name, text] : files) std::ofstream(path + "/" + name) << text;
  }
  std::string operator/(const std::string& name) const { return path + "/" + name; }
  Files files() const {
    Files all;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path());
      all[entry.path().filename()] = {std::istreambuf_iterator<char>(in), {}};
    }
    return all;
  }
  bool rotate(int keep) const { return !Rotation(file, keep).rotate(); }
  void pack(int keep, const std::string& original, const std::string& packed) const {
    Rotation(file, keep).pack(Fd(open((*this / original).c_str(), O_RDONLY | O_CLOEXEC)), *this / packed);
  }
};

// A compressed file ends with the size of what was compressed.
std::string packed(const std::string& text, char size) { return text + size + std::string(3, 0); }

struct stat about(const std::string& path) {
  struct stat known{};
  lstat(path.c_str(), &known);
  return known;
}

}  // namespace

TEST("the file becomes the first, each moves up by one, and the oldest goes") {
  const Logs logs;
  for (const char* text : {"a", "b", "c", "d", "e"}) {
    std::ofstream(logs.file) << text;
    CHECK(logs.rotate(3));
  }
  CHECK(logs.files() == Files{{"log.1", "e"}, {"log.2", "d"}, {"log.3", "c"}});
}

TEST("packed ones move as plain ones do, each under its own ending") {
  const Logs logs({{"log", "a"}, {"log.1", "b"}, {"log.2.gz", "c"}, {"log.3.gz", "d"}});
  CHECK(logs.rotate(3));
  CHECK(logs.files() == Files{{"log.1", "a"}, {"log.2", "b"}, {"log.3.gz", "c"}});
  std::ofstream(logs / "log") << "e";
  CHECK(logs.rotate(3));
  CHECK(logs.files() == Files{{"log.1", "e"}, {"log.2", "a"}, {"log.3", "b"}});
}

TEST("a gap is closed before anything is lost") {
  const Logs logs({{"log", "a"}, {"log.1", "b"}, {"log.3", "d"}, {"log.4.gz", "e"}});
  CHECK(logs.rotate(4));
  CHECK(logs.files() == Files{{"log.1", "a"}, {"log.2", "b"}, {"log.3", "d"}, {"log.4.gz", "e"}});
}

TEST("where one number has both, the packed one is whole, and stays") {
  const Logs logs({{"log", "a"}, {"log.1", "b"}, {"log.1.gz", "B"}, {"log.2", "c"}, {"log.2.gz", "C"}});
  CHECK(logs.rotate(3));
  CHECK(logs.files() == Files{{"log.1", "a"}, {"log.2.gz", "B"}, {"log.3.gz", "C"}});
  std::ofstream(logs / "log") << "e";
  std::ofstream(logs / "log.3") << "c";
  CHECK(logs.rotate(3));
  CHECK(logs.files() == Files{{"log.1", "e"}, {"log.2", "a"}, {"log.3.gz", "B"}});
}

TEST("what is above a smaller number to keep is removed, up to the first gap") {
  const Logs logs({{"log", "a"}, {"log.1", "b"}, {"log.2", "c"}, {"log.3.gz", "d"}, {"log.4", "e"}, {"log.6", "g"}});
  CHECK(logs.rotate(2));
  CHECK(logs.files() == Files{{"log.1", "a"}, {"log.2", "b"}, {"log.6", "g"}});
}

TEST("to keep none is to remove the file, and those that were kept") {
  const Logs logs({{"log", "a"}, {"log.1", "b"}, {"log.2.gz", "c"}});
  CHECK(logs.rotate(0));
  CHECK(logs.files().empty());
}

TEST("to keep one is to move the file over it") {
  const Logs logs({{"log", "a"}, {"log.1", "b"}, {"log.1.gz", "B"}});
  CHECK(logs.rotate(1));
  CHECK(logs.files() == Files{{"log.1", "a"}});
}

TEST("names of others are not touched") {
  const Files others{{"log.old", "1"}, {"log.2026", "2"}, {"log.01", "3"}, {"log.1.bz2", "4"},
                     {"log.gz", "5"}, {"logs.1", "6"}, {"log.2x", "7"}};
  const Logs logs(others);
  for (int i = 0; i < 5; ++i) {
    std::ofstream(logs / "log") << i;
    CHECK(logs.rotate(2));
  }
  Files expected = others;
  expected.insert({{"log.1", "4"}, {"log.2", "3"}});
  CHECK(logs.files() == expected);
}

TEST("a folder that has the name of one is a fault, and stays where it is, as the file does") {
  for (const char* name : {"log.1", "log.1.gz", "log.2"}) {
    const Logs logs({{"log", "a"}, {"log.1", "b"}});
    std::filesystem::remove(logs / name);
    REQUIRE(mkdir((logs / name).c_str(), 0700) == 0);
    const auto fault = Rotation(logs.file, 2).rotate();
    REQUIRE(fault);
    const bool oldest = name == std::string("log.2");
    CHECK(fault->step == std::string(oldest ? "unlink" : "rename"));
    CHECK(fault->error == EISDIR && fault->subject == logs / name);
    CHECK(logs.files()["log"] == "a" && S_ISDIR(about(logs / name).st_mode));
    if (name != std::string("log.1")) CHECK(logs.files()["log.1"] == "b");
  }
}

TEST("what cannot be removed above the number to keep is no fault") {
  const Logs logs({{"log", "a"}, {"log.1", "b"}});
  REQUIRE(mkdir((logs / "log.2").c_str(), 0700) == 0);
  CHECK(logs.rotate(1));
  CHECK(logs.files()["log.1"] == "a" && S_ISDIR(about(logs / "log.2").st_mode));
}

TEST("a file that is gone, or a folder that is, is a fault") {
  const Logs logs(Files{{"log.1", "b"}});
  const auto fault = Rotation(logs.file, 2).rotate();
  REQUIRE(fault);
  CHECK(fault->step == std::string("rename") && fault->error == ENOENT && fault->subject == logs.file);
  CHECK(Rotation(logs / "none/log", 2).rotate()->error == ENOENT);
}

TEST("links are moved and removed, and what they lead to is not") {
  const Logs logs({{"log", "a"}, {"precious", "p"}});
  for (const char* name : {"log.1", "log.2.gz"}) {
    REQUIRE(symlink((logs / "precious").c_str(), (logs / name).c_str()) == 0);
  }
  CHECK(logs.rotate(2));
  CHECK(logs.files() == Files{{"log.1", "a"}, {"log.2", "p"}, {"precious", "p"}});
  CHECK(S_ISLNK(about(logs / "log.2").st_mode));
}

TEST("a packed file takes the place of its original, whatever number that has by now, with its times") {
  const Logs logs({{"log", "a"}, {"log.1", "b"}, {"log.2", "c"}, {"packing", packed("C", 1)}});
  const std::array<timespec, 2> times{timespec{100, 1}, timespec{200, 2}};
  REQUIRE(utimensat(AT_FDCWD, (logs / "log.2").c_str(), times.data(), 0) == 0);
  REQUIRE(chmod((logs / "packing").c_str(), 0644) == 0);
  logs.pack(3, "log.2", "packing");
  CHECK(about(logs / "log.2.gz").st_mtim.tv_sec == 200 && about(logs / "log.2.gz").st_mtim.tv_nsec == 2);
  CHECK((about(logs / "log.2.gz").st_mode & 07777) == 0600);
  CHECK(logs.files() == Files{{"log", "a"}, {"log.1", "b"}, {"log.2.gz", packed("C", 1)}});
}

TEST("a packed file that has not all of its original, which has grown since, is removed") {
  const Logs logs({{"log.1", "bb"}, {"packing", packed("B", 1)}});
  logs.pack(3, "log.1", "packing");
  CHECK(logs.files() == Files{{"log.1", "bb"}});
}

TEST("a packed file whose original is gone, or is kept no more, is removed") {
  const Logs logs({{"log.1", "b"}, {"log.2", "c"}, {"other", "o"}, {"first", packed("O", 1)}, {"second", packed("C", 1)}});
  logs.pack(3, "other", "first");
  logs.pack(1, "log.2", "second");
  CHECK(logs.files() == Files{{"log.1", "b"}, {"log.2", "c"}, {"other", "o"}});
}

TEST("a packed file that cannot have its name is removed, and the original stays") {
  const Logs logs({{"log.1", "b"}, {"packing", packed("B", 1)}});
  REQUIRE(mkdir((logs / "log.1.gz").c_str(), 0700) == 0);
  logs.pack(3, "log.1", "packing");
  std::filesystem::remove(logs / "log.1.gz");
  CHECK(logs.files() == Files{{"log.1", "b"}});
}

TEST("what is no file of ours alone takes no place") {
  const Logs logs({{"log.1", "b"}, {"precious", packed("p", 1)}});
  REQUIRE(chmod((logs / "precious").c_str(), 0640) == 0);
  REQUIRE(link((logs / "precious").c_str(), (logs / "packing").c_str()) == 0);
  logs.pack(1, "log.1", "packing");
  REQUIRE(symlink((logs / "precious").c_str(), (logs / "packing").c_str()) == 0);
  logs.pack(1, "log.1", "packing");
  REQUIRE(mkfifo((logs / "packing").c_str(), 0600) == 0);
  logs.pack(1, "log.1", "packing");
  CHECK(about(logs / "packing").st_mode == 0 && (about(logs / "precious").st_mode & 07777) == 0640);
  CHECK(logs.files() == Files{{"log.1", "b"}, {"precious", packed("p", 1)}});
}
