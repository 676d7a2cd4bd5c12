// SPDX-License-Identifier: Apache-2.0
#include "scripts/scenery/job.h"

#include <fmt/format.h>

#include <istream>
#include <nlohmann/json.hpp>
#include <opencv2/imgcodecs.hpp>
#include <optional>

#include "scripts/scenery/caption.h"
#include "scripts/scenery/clip_writer.h"
#include "scripts/scenery/views.h"

namespace sitecast::scenery {
namespace {

Result<Weather> weather_of(const std::string& name) {
  if (name == "clear") return Weather::kClear;
  if (name == "hazy") return Weather::kHazy;
  if (name == "overcast") return Weather::kOvercast;
  if (name == "rain") return Weather::kRain;
  return invalid_argument("weather '" + name + "' is not clear, hazy, overcast or rain");
}

Result<Job> read_job(const nlohmann::json& json) {
  Job job;
  for (const auto& [name, value] : json.items()) {
    if (name == "kind") {
      job.clip = value.get<std::string>() == "clip";
    } else if (name == "out") {
      job.out = value.get<std::string>();
    } else if (name == "caption") {
      job.caption = value.get<std::string>();
    } else if (name == "view") {
      job.view = value.get<std::string>();
    } else if (name == "hall1") {
      job.site.hall1 = value.get<float>();
    } else if (name == "hall2") {
      job.site.hall2 = value.get<float>();
    } else if (name == "annex") {
      job.site.annex = value.get<float>();
    } else if (name == "yard") {
      job.site.yard = value.get<float>();
    } else if (name == "seed") {
      job.site.seed = job.light.seed = value.get<std::uint32_t>();
    } else if (name == "hour") {
      job.light.hour = value.get<float>();
    } else if (name == "weather") {
      SC_TRY_ASSIGN(job.light.weather, weather_of(value.get<std::string>()));
    } else if (name == "width") {
      job.width = value.get<int>();
    } else if (name == "height") {
      job.height = value.get<int>();
    } else if (name == "fps") {
      job.fps = value.get<int>();
    } else if (name == "seconds") {
      job.seconds = value.get<float>();
    } else {
      return invalid_argument("unknown name '" + name + "'");
    }
  }
  if (job.out.empty()) return invalid_argument("a job without 'out'");
  if (job.width < 16 || job.height < 16 || job.width > 8192 || job.height > 8192 || job.fps < 1) {
    return invalid_argument(job.out.string() + ": size or rate out of range");
  }
  return job;
}

Status draw_photo(const Job& job, const Renderer& renderer, Mesh mesh, const Caption& caption) {
  const auto camera = viewpoint(job.view, job.site.seed);
  if (!camera) return invalid_argument("no viewpoint '" + job.view + "'");
  add_movers(mesh, job.site, 3 + 40 * random01(job.site.seed, 77));
  cv::Mat picture = renderer.draw(mesh, *camera, cv::Size(job.width, job.height), 0);
  caption.draw_on(picture);
  if (!cv::imwrite(job.out.string(), picture, {cv::IMWRITE_JPEG_QUALITY, 86})) {
    return internal_error("cannot write it");
  }
  return Ok{};
}

Status draw_clip(const Job& job, const Renderer& renderer, const Mesh& still,
                 const Caption& caption) {
  const int frames = static_cast<int>(job.seconds * static_cast<float>(job.fps));
  SC_TRY_ASSIGN(auto writer,
                ClipWriter::open(job.out, cv::Size(job.width, job.height), job.fps, frames));
  for (int frame = 0; frame < frames; ++frame) {
    const float time_s = static_cast<float>(frame) / static_cast<float>(job.fps);
    const auto camera =
        walk(job.view, static_cast<float>(frame) / static_cast<float>(frames), time_s);
    if (!camera) return invalid_argument("no walk '" + job.view + "'");
    Mesh mesh = still;
    add_movers(mesh, job.site, time_s);
    cv::Mat picture = renderer.draw(mesh, *camera, cv::Size(job.width, job.height),
                                    static_cast<std::uint32_t>(frame));
    caption.draw_on(picture);
    SC_TRY(writer.add(picture));
  }
  return writer.finish();
}

}  // namespace

Result<std::vector<Job>> read_jobs(std::istream& stream) {
  try {
    std::vector<Job> jobs;
    for (const auto& entry : nlohmann::json::parse(stream)) {
      SC_TRY_ASSIGN(auto job, read_job(entry));
      jobs.push_back(std::move(job));
    }
    return jobs;
  } catch (const nlohmann::json::exception& problem) {
    return invalid_argument(problem.what());
  }
}

Status run_job(const Job& job) {
  const Mesh still = build_site(job.site);
  // Movers throw a shadow too; at the one place where a photo shows them.
  Mesh casting = still;
  if (!job.clip) add_movers(casting, job.site, 3 + 40 * random01(job.site.seed, 77));
  const Renderer renderer(casting, job.light);
  SC_TRY_ASSIGN(const auto caption, Caption::make(job.caption, std::max(12, job.height / 34)));
  return job.clip ? draw_clip(job, renderer, still, caption)
                  : draw_photo(job, renderer, still, caption);
}

}  // namespace sitecast::scenery
