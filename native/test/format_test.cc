// How lines look where they go.
#include "../format.h"

#include <cerrno>
#include <cstdlib>

#include "check.h"

using namespace sentry;
using namespace std::string_literals;

namespace {

constexpr timespec now{1'334'081'871, 123'456'789};

std::string line(Format format, const Speaker& speaker, std::string_view text, LineEnd end = LineEnd::newline,
                 const std::string& colour = "") {
  setenv("TZ", "CEST-2", 1);
  std::string batch;
  Lines(format, speaker, colour, now).append(batch, text, end);
  return batch;
}

// What stands behind `"stream":"stdout",`.
std::string json(std::string_view text) {
  const std::string all = line(Format::json, {"a.1"}, text), before = "\"stream\":\"stdout\",";
  return all.substr(all.find(before) + before.size());
}

std::string as_text(const std::string& escaped) { return "\"text\":\"" + escaped + "\"}\n"; }
std::string as_base64(const std::string& encoded) { return "\"base64\":\"" + encoded + "\"}\n"; }

}  // namespace

TEST("raw are the bytes alone, with a newline only where there was one") {
  CHECK(line(Format::raw, {"a.1"}, "text") == "text\n");
  CHECK(line(Format::raw, {"a.1"}, "text", LineEnd::none) == "text");
  CHECK(line(Format::raw, {"a.1"}, "text", LineEnd::part) == "text");
}

TEST("a terminal shows both streams alike, with the colour around time and label") {
  const Speaker out{"dummy.1514"}, err{"dummy.1514", 0, 1};
  CHECK(line(Format::shown, out, "text") == "20:17:51 dummy.1514      text\n");
  CHECK(line(Format::shown, err, "text") == line(Format::shown, out, "text"));
  CHECK(line(Format::shown, out, "text", LineEnd::newline, "36") == "\x1b[36m20:17:51 dummy.1514\x1b[0m      text\n");
  CHECK(line(Format::shown, err, "text", LineEnd::part, "36") == "\x1b[36m20:17:51 dummy.1514+\x1b[0m     text\n");
  CHECK(line(Format::shown, out, "text", LineEnd::none) == "20:17:51 dummy.1514      text\n");
  CHECK(line(Format::shown, {"a-longer-name.1514"}, "text") == "20:17:51 a-longer-name.1514 text\n");
}

TEST("a prefixed file tells stderr and pieces, within the same 25 columns, and has no colour") {
  const Speaker out{"dummy.1514"}, err{"dummy.1514", 3, 1};
  CHECK(line(Format::prefixed, out, "text", LineEnd::newline, "36") == "20:17:51 dummy.1514      text\n");
  CHECK(line(Format::prefixed, out, "text", LineEnd::part) == "20:17:51 dummy.1514+     text\n");
  CHECK(line(Format::prefixed, err, "text") == "20:17:51 dummy.1514/err  text\n");
  CHECK(line(Format::prefixed, err, "text", LineEnd::part) == "20:17:51 dummy.1514/err+ text\n");
  CHECK(line(Format::prefixed, err, "\r\0\xff"s, LineEnd::none) == "20:17:51 dummy.1514/err  \r\0\xff\n"s);
}

TEST("a JSON line has its time in UTC to the microsecond, and who printed it where") {
  CHECK(line(Format::json, {"dummy.1514"}, "text") ==
        "{\"at\":\"2012-04-10T18:17:51.123456Z\",\"entry\":\"dummy\",\"slot\":0,\"pid\":1514,\"stream\":\"stdout\","
        "\"text\":\"text\"}\n");
  CHECK(line(Format::json, {"my.web.7", 12, 1}, "", LineEnd::part, "36") ==
        "{\"at\":\"2012-04-10T18:17:51.123456Z\",\"entry\":\"my.web\",\"slot\":12,\"pid\":7,\"stream\":\"stderr\","
        "\"part\":true,\"text\":\"\"}\n");
  CHECK(line(Format::json, {"a.1"}, "text", LineEnd::none) == line(Format::json, {"a.1"}, "text"));
}

TEST("a label without a pid, or that no configuration gives, is JSON all the same") {
  const auto who = [](const std::string& label) {
    const std::string all = line(Format::json, {label}, "");
    const size_t entry = all.find("\"entry\"");
    return all.substr(entry, all.find(",\"stream\"") - entry);
  };
  CHECK(who("web") == "\"entry\":\"web\",\"slot\":0,\"pid\":null");
  CHECK(who("web.") == "\"entry\":\"web.\",\"slot\":0,\"pid\":null");
  CHECK(who("web.01") == "\"entry\":\"web.01\",\"slot\":0,\"pid\":null");
  CHECK(who("web.1a") == "\"entry\":\"web.1a\",\"slot\":0,\"pid\":null");
  CHECK(who("\"\n.1") == "\"entry\":\"\\\"\\n\",\"slot\":0,\"pid\":1");
  CHECK(who("\xff.1") == "\"entry\":null,\"slot\":0,\"pid\":1");
}

TEST("JSON escapes what it has to, wherever it stands among eight bytes, and nothing else") {
  CHECK(json("a\"b\\c/d") == as_text("a\\\"b\\\\c/d"));
  CHECK(json("\b\t\n\f\r\x1b[0m\x1f\0 \x7f"s) == as_text("\\b\\t\\n\\f\\r\\u001b[0m\\u001f\\u0000 \x7f"));
  for (int byte = 0; byte < 0x80; ++byte) {
    const auto c = static_cast<char>(byte);
    const std::string alone = json({&c, 1});
    for (size_t before = 0; before < 20; ++before) {
      const std::string filler(before, 'x');
      CHECK(json(filler + c + "yyyyyyyyyy!") == as_text(filler + alone.substr(8, alone.size() - 11) + "yyyyyyyyyy!"));
    }
  }
}

TEST("what is UTF-8 stays as it is") {
  for (const char* text : {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\xe2\x80\xa8\xe2\x80\xa9",
                           "gr\xc3\xbc\xc3\x9f Gott, \xf0\x9f\xa6\x8a!"}) {
    CHECK(json(text) == as_text(text));
  }
}

TEST("what is not UTF-8 is base64 as a whole") {
  CHECK(json("\xff") == as_base64("/w=="));
  CHECK(json("\xff\xfe") == as_base64("//4="));
  CHECK(json("\xff\xfe\xfd") == as_base64("//79"));
  CHECK(json("text \"and\"\xff") == as_base64("dGV4dCAiYW5kIv8="));
  for (const char* text :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2x", "\xe0\x9f\xbf", "\xe1\x80", "\xe1\x80x",
        "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf1\x80\x80", "\xf1\x80\x80x", "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80", "\xfe"}) {
    CHECK(json(text).starts_with("\"base64\":\""));
    CHECK(json("a whole lot of text before it: " + std::string(text)).starts_with("\"base64\":\""));
  }
}

TEST("lines are appended to what is there") {
  std::string batch = "before\n";
  const Lines lines(Format::json, {"a.1"}, "", now);
  lines.append(batch, "\xff", LineEnd::newline);
  lines.append(batch, "text", LineEnd::newline);
  CHECK(batch == "before\n" + line(Format::json, {"a.1"}, "\xff") + line(Format::json, {"a.1"}, "text"));
}

TEST("word of what is missing says how much and why, but not in a raw file") {
  CHECK(lost_line(Format::raw, 3, ENOSPC, now).empty());
  CHECK(lost_line(Format::prefixed, 3, ENOSPC, now) == "Sentry dropped 3 lines here (ENOSPC).\n");
  CHECK(lost_line(Format::shown, 1, 0, now) == "Sentry dropped 1 line here that nobody read.\n");
  const std::string at = "{\"at\":\"2012-04-10T18:17:51.123456Z\",";
  CHECK(lost_line(Format::json, 1, 0, now) == at + "\"lost\":1,\"reason\":\"unread\"}\n");
  CHECK(lost_line(Format::json, 7, EDQUOT, now) == at + "\"lost\":7,\"reason\":\"EDQUOT\"}\n");
}
