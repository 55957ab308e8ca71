#include "format.h"

#include <array>
#include <cstdio>

#include "fault.h"
#include "json.h"
#include "label.h"

namespace sentry {

namespace {

// RFC 3339, in UTC: such texts sort as their times do, whatever becomes of the time zone.
std::string at(timespec now) {
  tm utc{};
  gmtime_r(&now.tv_sec, &utc);
  std::array<char, 48> text{};
  std::string second(text.data(), strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc));
  std::snprintf(text.data(), text.size(), ".%06ldZ", now.tv_nsec / 1000);
  return "{\"at\":\"" + second + text.data() + "\",";
}

// An entry's name may have a dot in it, and a pid has none.
std::string members(const Speaker& speaker, timespec now) {
  const size_t dot = speaker.label.rfind('.');
  const std::string pid = dot == std::string::npos ? "" : speaker.label.substr(dot + 1);
  const bool has_pid = !pid.empty() && pid[0] != '0' && pid.find_first_not_of("0123456789") == std::string::npos;
  std::string json = at(now) + "\"entry\":";
  const auto entry = std::string_view(speaker.label).substr(0, has_pid ? dot : std::string::npos);
  if (!append_json_string(json, entry)) json += "null";
  json += ",\"slot\":" + std::to_string(speaker.slot) + ",\"pid\":" + (has_pid ? pid : "null");
  return json + (speaker.stream == 0 ? ",\"stream\":\"stdout\"," : ",\"stream\":\"stderr\",");
}

}  // namespace

Lines::Lines(Format format, const Speaker& speaker, const std::string& colour, timespec now) : format_(format) {
  switch (format) {
    case Format::raw: break;
    case Format::shown:
    case Format::prefixed: {
      const bool told_apart = format == Format::prefixed && speaker.stream != 0;
      const std::string label = speaker.label + (told_apart ? "/err" : "");
      const std::string worn = format == Format::shown ? colour : "";
      start_ = line_start(now.tv_sec, label, worn);
      part_start_ = line_start(now.tv_sec, label + "+", worn);
      break;
    }
    case Format::json:
      start_ = members(speaker, now);
      part_start_ = start_ + "\"part\":true,";
      break;
  }
}

void Lines::append(std::string& batch, std::string_view text, LineEnd end) const {
  batch += end == LineEnd::part ? part_start_ : start_;
  if (format_ == Format::json) {
    append_json_bytes(batch, text);
    batch += '}';
  } else {
    batch += text;
  }
  if (format_ != Format::raw || end == LineEnd::newline) batch += '\n';
}

std::string lost_line(Format format, int64_t lines, int error, timespec now) {
  const std::string count = std::to_string(lines);
  switch (format) {
    case Format::raw: return "";
    case Format::json:
      return at(now) + "\"lost\":" + count + ",\"reason\":\"" + (error == 0 ? "unread" : errno_name(error)) + "\"}\n";
    case Format::shown:
    case Format::prefixed: break;
  }
  const std::string why = error == 0 ? " that nobody read.\n" : std::string(" (") + errno_name(error) + ").\n";
  return "Sentry dropped " + count + (lines == 1 ? " line here" : " lines here") + why;
}

}  // namespace sentry
