// A SIGKILL of the whole process, again and again, while lines are told, looked at and written: somebody else holds the
// pipe, and so each line is looked at before it is written, and none is lost.
#include <signal.h>
#include <sys/wait.h>

#include <random>

#include "../pump.h"
#include "check.h"
#include "printing.h"

using namespace printing;

namespace {

constexpr int last_line = 1'000'000;

// The process that is killed. In the place of JavaScript is a thread that puts into `looked` what it was told, and only then
// says that it has seen it. What an earlier one was killed in the middle of is ended there.
pid_t start_pump(const File& file, const File& looked, bool raw, const Pipe& out) {
  const pid_t pump_process = fork();
  if (pump_process != 0) return pump_process;
  Pipe told;
  Pump pump([&told](Fact fact) {
    if (const auto* lines = std::get_if<LinesFact>(&fact)) print(told.in, lines->text + '\0');
  });
  const Fd notes(open(looked.path().c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  print(notes, "\n");
  pump.adopt({1, 0, Fd(out.out.get()), file.open(pump, raw ? Format::raw : Format::prefixed), "a.1", 0, "", true, "", true});
  char some[4096];
  for (ssize_t n; (n = read(told.out.get(), some, sizeof some)) > 0;) {
    const std::string_view text(some, static_cast<size_t>(n));
    const bool all = text.back() == '\0';
    print(notes, text.substr(0, text.size() - all));
    if (all) pump.seen_lines(1, 0);
  }
  _exit(1);
}

struct Outcome { std::string written, looked; int kills; };

// Kills the pump each time that so much more was looked at.
Outcome with_kills(bool raw) {
  File file, looked;
  Pipe out;
  std::mt19937 chance(20120713);
  const pid_t printer = start_printer(out.in, last_line);
  int kills = 0;
  for (bool printing = true; printing; ++kills) {
    const pid_t pump = start_pump(file, looked, raw, out);
    const size_t enough = looked.size() + 2 + chance() % 100'000;
    until([&] {
      int status;
      printing = printing && waitpid(printer, &status, WNOHANG) == 0;
      return !printing || looked.size() >= enough;
    });
    if (!printing) until([&] { return file.text().ends_with(number(last_line) + "\n"); });
    kill(pump, SIGKILL);
    waitpid(pump, nullptr, 0);
  }
  return {file.text(), looked.text(), kills};
}

// Each number in its order; some once more, after a kill.
bool has_all(const std::vector<std::string>& lines) {
  int next = 0;
  for (const std::string& line : lines) {
    if (line.size() != 7 || line.find_first_not_of("0123456789") != std::string::npos) continue;  // torn by a kill
    const int seen = std::stoi(line) - 1'000'000;
    if (seen > next) return false;
    next = seen + 1;
  }
  return next == last_line + 1;
}

}  // namespace

TEST("every line is looked at, and a raw file has it once, however often the pump is killed") {
  const Outcome outcome = with_kills(true);
  CHECK(outcome.kills > 10);
  CHECK(has_all(lines_of(outcome.looked)));
  std::string expected;
  for (int i = 0; i <= last_line; ++i) expected += number(i) + "\n";
  CHECK(outcome.written == expected);
}

TEST("every line is looked at, and a file with labels has it, however often the pump is killed") {
  const Outcome outcome = with_kills(false);
  CHECK(outcome.kills > 10);
  CHECK(has_all(lines_of(outcome.looked)));
  CHECK(has_all(unlabelled(outcome.written)));
}
