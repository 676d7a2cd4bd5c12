// SPDX-License-Identifier: Apache-2.0
#include "agent/request.h"

namespace sitecast::agent {

nlohmann::json to_json(const Request& request) {
  nlohmann::json json = {{"command", request.command},
                         {"source", request.source},
                         {"audio", request.audio},
                         {"loop", request.loop},
                         {"duration_s", request.duration_s},
                         {"project", request.project},
                         {"area", request.area},
                         {"title", request.title},
                         {"note", request.note},
                         {"file", request.file},
                         {"until_delivered", request.until_delivered},
                         {"now", request.now},
                         {"demonstration", request.demonstration},
                         {"captured_at_us", request.captured_at_us},
                         {"capture", request.capture},
                         {"last", request.last},
                         {"text", request.text},
                         {"stage", request.stage},
                         {"at_now", request.at_now},
                         {"request", request.request},
                         {"shot", request.shot}};
  if (request.percentage) json["percentage"] = *request.percentage;
  if (request.at_s) json["at_s"] = *request.at_s;
  return json;
}

Result<Request> request_from_json(const nlohmann::json& json) {
  try {
    Request request;
    json.at("command").get_to(request.command);
    json.at("source").get_to(request.source);
    json.at("audio").get_to(request.audio);
    json.at("loop").get_to(request.loop);
    json.at("duration_s").get_to(request.duration_s);
    json.at("project").get_to(request.project);
    json.at("area").get_to(request.area);
    json.at("title").get_to(request.title);
    json.at("note").get_to(request.note);
    json.at("file").get_to(request.file);
    json.at("until_delivered").get_to(request.until_delivered);
    request.now = json.value("now", false);  // absent from an older program
    json.at("demonstration").get_to(request.demonstration);
    json.at("captured_at_us").get_to(request.captured_at_us);
    json.at("capture").get_to(request.capture);
    json.at("last").get_to(request.last);
    json.at("text").get_to(request.text);
    json.at("stage").get_to(request.stage);
    json.at("at_now").get_to(request.at_now);
    request.request = json.value("request", "");
    request.shot = json.value("shot", 0U);
    if (json.contains("percentage")) request.percentage = json.at("percentage").get<double>();
    if (json.contains("at_s")) request.at_s = json.at("at_s").get<double>();
    return request;
  } catch (const nlohmann::json::exception& e) {
    return invalid_argument(std::string("request: ") + e.what());
  }
}

}  // namespace sitecast::agent
