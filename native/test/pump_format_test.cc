// How lines look in files of each format, and which of them are pieces.
#include "../pump.h"
#include "check.h"
#include "printing.h"

using namespace printing;

namespace {

// A run with both streams, and what a file of that format has of it.
std::string written(Format format, std::string_view out_text, std::string_view err_text) {
  Facts facts;
  File file;
  Pump pump(facts.post());
  const int sink = file.open(pump, format), nowhere = pump.open_nowhere();
  Pipe out, err;
  pump.adopt({1, 0, std::move(out.out), sink, "web.12", 3, "36", true, ""});
  CHECK(print(out.in, out_text));
  out.in.reset();
  until([&] { return out_text.empty() || file.size() > 0; });
  pump.adopt({1, 1, std::move(err.out), sink, "web.12", 3, "36", true, ""});
  CHECK(print(err.in, err_text));
  err.in.reset();
  say(pump, nowhere, "Exited", 0, 1);
  until([&] { return lines_of(file.text()).size() >= lines_of(std::string(out_text) + std::string(err_text)).size(); });
  CHECK(facts.flush(pump));
  return file.text();
}

size_t count(const std::string& text, std::string_view part) {
  size_t found = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++found;
  return found;
}

}  // namespace

TEST("with labels the two streams are told apart, and there is no colour") {
  const auto lines = lines_of(written(Format::prefixed, "one\n", "two\n"));
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].substr(9) == "web.12          one" && lines[1].substr(9) == "web.12/err      two");
}

TEST("as JSON each line has its entry, slot, pid and stream, and bytes that are no text are base64") {
  const auto lines = lines_of(written(Format::json, "one\n", "\xff\n"));
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].ends_with("\"entry\":\"web\",\"slot\":3,\"pid\":12,\"stream\":\"stdout\",\"text\":\"one\"}"));
  CHECK(lines[1].ends_with("\"stream\":\"stderr\",\"base64\":\"/w==\"}"));
}

TEST("a raw file has the bytes and nothing else, and half a line at a run's end stays half") {
  CHECK(written(Format::raw, "one\n\n", "half") == "one\n\nhalf");
}

TEST("the pieces of a line of 3 MiB are marked, but for the last one; a raw file has the line as it is") {
  const std::string line(3 << 20, 'x');
  Facts facts;
  File raw, labelled, json;
  Pump pump(facts.post());
  const int sinks[] = {raw.open(pump, Format::raw), labelled.open(pump), json.open(pump, Format::json)};
  for (RunId run = 1; run <= 3; ++run) {
    Fd out = run_of(pump, run, sinks[run - 1]);
    say(pump, pump.open_nowhere(), "Started", run);
    CHECK(print(out, line + "\nafter\n"));
  }
  REQUIRE(until([&] {
    return raw.text().ends_with("after\n") && labelled.text().ends_with("after\n") && json.text().ends_with("\"after\"}\n");
  }));
  CHECK(raw.text() == line + "\nafter\n");
  const auto pieces = lines_of(labelled.text());
  REQUIRE(pieces.size() >= 4);
  for (size_t i = 0; i < pieces.size(); ++i) CHECK((pieces[i].substr(9, 4) == "a.1+") == (i + 2 < pieces.size()));
  CHECK(count(json.text(), "\"part\":true") + 2 == lines_of(json.text()).size());
}

TEST("output that goes nowhere is taken all the same, and can be told") {
  std::atomic<bool> told{false};
  Pump pump([&told](Fact fact) {
    if (const auto* lines = std::get_if<LinesFact>(&fact)) told = lines->text == "ready\n";
  });
  const int nowhere = pump.open_nowhere();
  Pipe out;
  pump.adopt({1, 0, std::move(out.out), nowhere, "a.1", 0, "", true, "", true});
  CHECK(print(out.in, "ready\n"));
  REQUIRE(until([&] { return told.load(); }));
  pump.hush(1);
  CHECK(print(out.in, numbered(200'000)));
}
