// A SIGKILL of the whole process, again and again, while somebody else (here the test, later the keeper) holds the pipe:
// nothing is lost, and a raw file has every byte once.
#include <signal.h>
#include <sys/wait.h>

#include <random>

#include "../pump.h"
#include "check.h"
#include "printing.h"

using namespace printing;

namespace {

constexpr int last_line = 400'000;

// The process that is killed. Before its first thread, so that it is an ordinary process and no copy of half a one.
pid_t start_pump(const File& file, bool raw, const Pipe& out) {
  const pid_t pump_process = fork();
  if (pump_process != 0) return pump_process;
  Facts facts;
  Pump pump(facts.post());
  const int sink = file.open(pump, raw ? Format::raw : Format::prefixed), nowhere = pump.open_terminal(-1);
  pump.adopt({1, 0, Fd(out.out.get()), sink, "a.1", 0, "", false, ""});
  say(pump, nowhere, "Started", 1);
  for (;;) pause();
}

struct Outcome { std::string text; int kills; };

// Kills the pump each time the file has grown by some amount.
Outcome with_kills(bool raw) {
  File file;
  Pipe out;
  std::mt19937 chance(20120713);
  const pid_t printer = start_printer(out.in, last_line);
  int kills = 0;
  for (bool printing = true; printing; ++kills) {
    const pid_t pump = start_pump(file, raw, out);
    const size_t enough = file.size() + 1 + chance() % 200'000;
    until([&] {
      int status;
      printing = printing && waitpid(printer, &status, WNOHANG) == 0;
      return !printing || file.size() >= enough;
    });
    if (!printing) until([&] { return file.text().ends_with(number(last_line) + "\n"); });
    kill(pump, SIGKILL);
    waitpid(pump, nullptr, 0);
  }
  return {file.text(), kills};
}

}  // namespace

TEST("a raw file has every line once, however often the pump is killed") {
  const Outcome outcome = with_kills(true);
  CHECK(outcome.kills > 10);
  std::string expected;
  for (int i = 0; i <= last_line; ++i) expected += number(i) + "\n";
  CHECK(outcome.text == expected);
}

TEST("a file with labels has every line, and repeats at most a batch for each time that the pump is killed") {
  const Outcome outcome = with_kills(false);
  CHECK(outcome.kills > 10);
  int next = 0, repeats = 0;
  bool lost = false;
  for (const std::string& line : unlabelled(outcome.text)) {
    if (line.size() != 7 || line.find_first_not_of("0123456789") != std::string::npos) continue;  // torn by a kill
    const int seen = std::stoi(line) - 1'000'000;
    if (seen < next) ++repeats;
    if (seen > next) lost = true;
    next = seen + 1;
  }
  CHECK(!lost && next == last_line + 1);
  CHECK(repeats <= outcome.kills);
  std::printf("     %d kills, %d batches repeated\n", outcome.kills, repeats);
}
