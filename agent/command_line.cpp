// SPDX-License-Identifier: Apache-2.0
#include "agent/command_line.h"

#include <CLI/CLI.hpp>

#include <cstdlib>

#include "agent/rfc3339.h"
#include "proto/codec/field_checks.h"
#include "proto/codec/limits.h"

namespace sitecast::agent {
namespace {

std::string system_locale() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "en";
}

// Options that are text first and checked afterwards.
struct Texts {
  std::string config, language, captured_at, at, file;
};

void add_capture_options(CLI::App* command, Request& request, Texts& texts) {
  command->add_option("--project", request.project, "Project id; default: the configured one");
  command->add_option("--area", request.area, "Building or zone");
  command->add_option("--title", request.title, "Title");
  command->add_option("--note", request.note, "A remark on the whole");
  command->add_flag("--until-delivered", request.until_delivered,
                    "Wait until everything is at the hub");
  command->add_flag("--demonstration", request.demonstration, "Mark as demonstration footage");
  command->add_option("--captured-at", texts.captured_at,
                      "Moment it shows, RFC 3339; only with --demonstration");
}

void add_record(CLI::App& app, Request& request, Texts& texts) {
  CLI::App* command =
      app.add_subcommand("record", "Film until stopped (Ctrl-C) or the source ends");
  command
      ->add_option("--source", request.source,
                   "v4l2:/dev/video0 | rtsp://… | file:PATH | test: | gst:FRAGMENT")
      ->required();
  command->add_option("--audio", request.audio, "gst:FRAGMENT | none; default: the source's own");
  command->add_flag("--loop", request.loop, "Play a file again and again");
  command->add_option("--duration", request.duration_s, "Stop after this many seconds")
      ->check(CLI::Range(0.1, 1e6));
  add_capture_options(command, request, texts);
}

void add_photo_and_document(CLI::App& app, Request& request, Texts& texts) {
  CLI::App* photo =
      app.add_subcommand("photo", "Take a photo from a file, a source, or the recording that runs");
  auto* file = photo->add_option("--file", texts.file, "JPEG, PNG or HEIC");
  photo->add_option("--source", request.source, "As for record")->excludes(file);
  add_capture_options(photo, request, texts);
  CLI::App* document = app.add_subcommand("document", "Store any file as it is");
  document->add_option("--file", texts.file, "The file")->required();
  add_capture_options(document, request, texts);
}

void add_note(CLI::App& app, Request& request, Texts& texts) {
  CLI::App* note = app.add_subcommand("note", "State a remark or the progress of the work");
  auto* capture = note->add_option("--capture", request.capture, "Capture that it speaks of");
  note->add_flag("--last", request.last, "The newest capture")->excludes(capture);
  note->add_option("--text", request.text, "What to say");
  note->add_option("--area", request.area, "Building or zone; default: the capture's");
  note->add_option("--stage", request.stage, "Stage of the work");
  note->add_option("--percentage", request.percentage, "How far the stage is, 0 to 100")
      ->check(CLI::Range(0.0, 100.0));
  note->add_option("--at", texts.at, "Seconds into the capture, or `now` while it is recorded");
  note->add_option("--project", request.project, "Project id; default: the capture's");
  note->add_flag("--until-delivered", request.until_delivered, "Wait until it is at the hub");
  note->add_flag("--demonstration", request.demonstration, "Belongs to demonstration footage");
  note->add_option("--captured-at", texts.captured_at,
                   "Moment it was stated, RFC 3339; only with --demonstration");
}

void add_direction(CLI::App& app, Request& request, Texts& texts) {
  app.add_subcommand("requests", "What people ask this device to film, and what became of it");
  CLI::App* accept = app.add_subcommand("accept", "Say that a request will be filmed");
  CLI::App* answer =
      app.add_subcommand("answer", "Answer a request with what is being filmed at this moment");
  for (CLI::App* command : {accept, answer}) {
    command->add_option("request", request.request, "Its id, or the last four characters")
        ->required();
    command->add_option("--text", request.text, "A word to it");
    command->add_flag("--until-delivered", request.until_delivered, "Wait until it is at the hub");
  }
  answer->add_option("--shot", request.shot, "Only this one of its shots, from 1")
      ->check(CLI::Range(1U, 32U));
  auto* capture = answer->add_option("--capture", request.capture, "With this footage instead");
  auto* last = answer->add_flag("--last", request.last, "With the newest capture");
  last->excludes(capture);
  answer->add_option("--at", texts.at, "Seconds into that capture");
  answer->add_option("--file", texts.file, "With a photo from this file")
      ->excludes(capture)
      ->excludes(last);
  CLI::App* say = app.add_subcommand("say", "A message to the people who watch");
  say->add_option("--text", request.text, "What to say")->required();
  say->add_option("--capture", request.capture, "Capture that it belongs to; default: what runs");
  say->add_option("--project", request.project, "Project id; default: the configured one");
  say->add_flag("--until-delivered", request.until_delivered, "Wait until it is at the hub");
  app.add_subcommand("watch", "Stay, and show what people point at, say and ask");
}

// The hub would refuse it; here somebody still sees it, and nothing has been stored.
void check_texts(const Request& request) {
  for (const Status& checked :
       {check_text(request.text, "--text"), check_text(request.note, "--note"),
        check_name(request.area, "--area"), check_name(request.title, "--title"),
        check_name(request.stage, "--stage")}) {
    if (!checked.ok()) throw CLI::ValidationError(checked.error().message());
  }
}

// What CLI11 cannot check; throws CLI::ValidationError as its own checks do.
void finish(Request& request, const Texts& texts) {
  check_texts(request);
  if (!texts.captured_at.empty()) {
    const auto moment = parse_rfc3339_us(texts.captured_at);
    if (!moment) {
      throw CLI::ValidationError(
          "--captured-at", "'" + texts.captured_at + "' is not like 2026-04-13T14:05:00+08:00");
    }
    if (!request.demonstration) {
      throw CLI::ValidationError("--captured-at", "only with --demonstration");
    }
    request.captured_at_us = *moment;
  }
  if (!texts.file.empty()) request.file = std::filesystem::absolute(texts.file).string();
  if (request.source.rfind("file:", 0) == 0) {
    request.source = "file:" + std::filesystem::absolute(request.source.substr(5)).string();
  }
  const bool said =
      request.command == "say" || request.command == "accept" || request.command == "answer";
  if (said && request.text.size() > limits::kMessageBytes) {
    throw CLI::ValidationError("--text", "is too long: 2048 bytes at most");
  }
  if (request.command == "say" && request.text.empty()) {
    throw CLI::ValidationError("--text", "says nothing");
  }
  if (request.command != "note" && request.command != "answer") return;
  if (texts.at == "now") {
    request.at_now = true;
  } else if (!texts.at.empty()) {
    char* end = nullptr;
    const double seconds = std::strtod(texts.at.c_str(), &end);
    if (*end != '\0' || !(seconds >= 0) || seconds > 1e9) {
      throw CLI::ValidationError("--at", "must be seconds from 0 on, or `now`");
    }
    request.at_s = seconds;
    if (request.capture.empty() && !request.last) {
      throw CLI::ValidationError("--at", "needs --capture or --last");
    }
  }
  if (request.command == "note" && request.text.empty() && request.stage.empty() &&
      !request.percentage) {
    throw CLI::ValidationError("note", "say something: --text, --stage or --percentage");
  }
}

}  // namespace

std::variant<CommandLine, int> parse_command_line(int argc, const char* const* argv) {
  CommandLine line;
  Texts texts;
  CLI::App app("Films, keeps what is filmed safe, and delivers it to the hub.", "sitecast-agent");
  app.require_subcommand(1);
  app.fallthrough();  // --json and --lang may also follow the command
  app.add_option("--config", line.config, "agent.toml")->required();
  app.add_flag("--json", line.json, "One JSON object per line instead of text");
  app.add_option("--lang", texts.language, "zh-CN or en; default: the system's");
  app.add_subcommand("keygen", "Make this device's key if there is none; print its public half");
  add_record(app, line.request, texts);
  add_photo_and_document(app, line.request, texts);
  add_note(app, line.request, texts);
  add_direction(app, line.request, texts);
  app.add_subcommand("status", "What is where, and why what waits does");
  CLI::App* send = app.add_subcommand("send", "Deliver everything that waits");
  send->add_flag("--until-delivered", line.request.until_delivered,
                 "Try for ever instead of giving up when nothing moves");
  send->add_flag("--now", line.request.now,
                 "Also what a metered network or the daily data budget holds up");
  app.add_subcommand("run", "Stay and deliver; other commands hand their work over");
  try {
    app.parse(argc, argv);
    line.request.command = app.get_subcommands().front()->get_name();
    finish(line.request, texts);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e);
    return code == 0 ? kExitOk : kExitUsage;
  }
  line.language = language_of(texts.language.empty() ? system_locale() : texts.language);
  return line;
}

}  // namespace sitecast::agent
