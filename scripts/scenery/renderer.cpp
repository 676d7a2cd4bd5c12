// SPDX-License-Identifier: Apache-2.0
#include "scripts/scenery/renderer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/core/utility.hpp>
#include <opencv2/imgproc.hpp>

#include "scripts/scenery/raster.h"

namespace sitecast::scenery {
namespace {

constexpr float kPi = 3.14159265F;
constexpr int kShadowSide = 2048;
constexpr float kShadowReach = 95;  // metres from the middle of the site
constexpr int kNoiseSide = 256;     // a power of two
constexpr int kSupersampling = 2;
constexpr float kNear = 0.15F;

cv::Mat1f make_noise(std::uint32_t seed) {
  cv::Mat1f sum(kNoiseSide, kNoiseSide, 0.0F);
  float weight = 0.5F;
  for (int side = 8; side <= kNoiseSide; side *= 2, weight *= 0.55F) {
    cv::Mat1f grain(side + 2, side + 2);
    for (int y = 0; y < side + 2; ++y) {
      for (int x = 0; x < side + 2; ++x) {
        const auto cell = static_cast<std::uint32_t>((y % side) * side + x % side);
        grain(y, x) = random01(seed + static_cast<std::uint32_t>(side), cell);
      }
    }
    cv::Mat1f layer;
    const int scale = kNoiseSide / side;
    cv::resize(grain, layer, cv::Size((side + 2) * scale, (side + 2) * scale), 0, 0,
               cv::INTER_LINEAR);
    const int margin = scale / 2;
    sum += weight * layer(cv::Rect(margin, margin, kNoiseSide, kNoiseSide));
  }
  cv::normalize(sum, sum, 0.0, 1.0, cv::NORM_MINMAX);
  return sum;
}

}  // namespace

namespace {

// From light to display: a soft shoulder, a little contrast, then gamma; as a table, for speed.
class Tones {
 public:
  Tones() {
    for (std::size_t i = 0; i < table_.size(); ++i) {
      const float light = static_cast<float>(i) / kScale;
      const float curved = std::pow(light * 1.12F / (1 + 0.22F * light), 1.12F);
      table_[i] = cv::saturate_cast<std::uint8_t>(255 * std::pow(curved, 0.4545F));
    }
  }
  [[nodiscard]] std::uint8_t of(float light) const {
    const float at = std::clamp(light * kScale, 0.0F, static_cast<float>(table_.size() - 1));
    return table_[static_cast<std::size_t>(at)];
  }

 private:
  static constexpr float kScale = 2048;
  std::array<std::uint8_t, 4096> table_{};
};
const Tones tones;

}  // namespace

Camera look_at(Vec3 from, Vec3 to, float fov) {
  const Vec3 d = normalized(to - from);
  return {from, std::atan2(d.x, d.y), std::asin(d.z), 0, fov};
}

Renderer::Renderer(const Mesh& shadow_mesh, Light light)
    : light_(light),
      sun_(sun_of(light)),
      noise_(make_noise(17)),
      depth_(static_cast<std::size_t>(kShadowSide) * kShadowSide, -1e9F) {
  draw_shadow_map(shadow_mesh);
}

Renderer::Sun Renderer::sun_of(Light light) {
  Sun sun;
  const float day = clamp01((light.hour - 5.5F) / 13.5F);  // sunrise to sunset
  const float height = std::sin(kPi * day) * 0.95F + 0.12F;
  const float azimuth = kPi * (0.5F + day);  // east over south to west
  sun.direction = normalized({std::sin(azimuth), std::cos(azimuth), height});
  const float low = clamp01(1 - height);  // morning and evening: warmer
  sun.light = mix({1.55F, 1.47F, 1.34F}, {1.45F, 1.02F, 0.66F}, low * low);
  sun.ambient = {0.34F, 0.40F, 0.50F};
  sun.zenith = {0.17F, 0.35F, 0.70F};
  sun.horizon = mix({0.62F, 0.73F, 0.86F}, {0.90F, 0.74F, 0.60F}, low * low);
  sun.haze = 0.0011F;
  sun.cloud = 0.35F;
  switch (light.weather) {
    case Weather::kClear: break;
    case Weather::kHazy:
      sun.light = sun.light * 0.72F;
      sun.ambient = {0.46F, 0.47F, 0.49F};
      sun.zenith = {0.48F, 0.56F, 0.66F};
      sun.horizon = {0.80F, 0.80F, 0.78F};
      sun.haze = 0.0052F;
      sun.cloud = 0.2F;
      break;
    case Weather::kOvercast:
      sun.light = sun.light * 0.22F;
      sun.ambient = {0.62F, 0.65F, 0.70F};
      sun.zenith = {0.52F, 0.56F, 0.61F};
      sun.horizon = {0.72F, 0.74F, 0.77F};
      sun.haze = 0.0020F;
      sun.cloud = 0.95F;
      break;
    case Weather::kRain:
      sun.light = sun.light * 0.10F;
      sun.ambient = {0.47F, 0.51F, 0.56F};
      sun.zenith = {0.36F, 0.40F, 0.45F};
      sun.horizon = {0.56F, 0.59F, 0.62F};
      sun.haze = 0.0062F;
      sun.cloud = 1.0F;
      sun.wetness = 1;
      break;
  }
  sun.right = normalized(cross({0, 0, 1}, sun.direction));
  sun.up = cross(sun.direction, sun.right);
  return sun;
}

void Renderer::draw_shadow_map(const Mesh& mesh) {
  const float scale = kShadowSide / (2 * kShadowReach);
  const auto place = [&](Vec3 p) {
    return ScreenPoint{(dot(p, sun_.right) + kShadowReach) * scale,
                       (dot(p, sun_.up) + kShadowReach) * scale, dot(p, sun_.direction)};
  };
  for (const Triangle& triangle : mesh.triangles()) {
    if (!triangle.casts_shadow) continue;
    raster_triangle(
        place(triangle.a), place(triangle.b), place(triangle.c), kShadowSide, 0, kShadowSide,
        [&](int x, int y, float depth) {
          float& nearest =
              depth_[static_cast<std::size_t>(y) * kShadowSide + static_cast<std::size_t>(x)];
          nearest = std::max(nearest, depth);
        });
  }
}

float Renderer::sunlit(Vec3 point, Vec3 normal) const {
  const Vec3 p = point + normal * 0.12F;
  const float scale = kShadowSide / (2 * kShadowReach);
  const float x = (dot(p, sun_.right) + kShadowReach) * scale;
  const float y = (dot(p, sun_.up) + kShadowReach) * scale;
  const float depth = dot(p, sun_.direction) + 0.06F;
  float sum = 0;
  for (const auto& [dx, dy] :
       {std::pair{-0.7F, -0.3F}, {0.3F, -0.7F}, {0.7F, 0.3F}, {-0.3F, 0.7F}}) {
    const int column = static_cast<int>(x + dx);
    const int row = static_cast<int>(y + dy);
    if (column < 0 || row < 0 || column >= kShadowSide || row >= kShadowSide) return 1;
    sum += depth_[static_cast<std::size_t>(row) * kShadowSide + static_cast<std::size_t>(column)] <
                   depth
               ? 0.25F
               : 0.0F;
  }
  return sum;
}

float Renderer::noise(float u, float v) const {
  const float fx = u * kNoiseSide;
  const float fy = v * kNoiseSide;
  const float cell_x = std::floor(fx);
  const float cell_y = std::floor(fy);
  constexpr int kMask = kNoiseSide - 1;  // a power of two: wraps negative cells too
  const int x0 = static_cast<int>(cell_x) & kMask;
  const int y0 = static_cast<int>(cell_y) & kMask;
  const int x1 = (x0 + 1) & kMask;
  const float tx = fx - cell_x;
  const float ty = fy - cell_y;
  const float* upper = noise_[y0];
  const float* lower = noise_[(y0 + 1) & kMask];
  const float top = upper[x0] * (1 - tx) + upper[x1] * tx;
  const float bottom = lower[x0] * (1 - tx) + lower[x1] * tx;
  return top * (1 - ty) + bottom * ty;
}

Vec3 Renderer::sky(Vec3 d) const {
  const float height = clamp01(d.z);
  Vec3 color = mix(sun_.horizon, sun_.zenith, std::sqrt(height));
  const float towards = std::max(0.0F, dot(d, sun_.direction));
  const float t2 = towards * towards;
  const float t6 = t2 * t2 * t2;
  const float t30 = t6 * t6 * t6 * t6 * t6;
  color = color + sun_.light * (t30 * t30 * 0.35F + t6 * 0.06F);
  if (d.z > 0.015F) {  // a layer of cloud over the site
    const float shift = random01(light_.seed, 1);
    const float u = d.x / (d.z + 0.12F) * 0.16F + shift;
    const float v = d.y / (d.z + 0.12F) * 0.16F + random01(light_.seed, 2);
    const float thick = noise(u, v) * 0.72F + noise(u * 3.1F, v * 3.1F) * 0.28F;
    const float cover = clamp01((thick - (0.80F - 0.62F * sun_.cloud)) * 3.2F) * clamp01(d.z * 7);
    const Vec3 white = sun_.light * 0.36F + sun_.ambient * 0.75F;
    color =
        mix(color, mix(white, sun_.horizon * 0.82F, clamp01(thick * 1.5F - 0.55F)), cover * 0.85F);
  }
  return color;
}

Vec3 Renderer::surface(const Triangle& triangle, Vec3 p) const {
  const Vec3 base = triangle.material.albedo;
  const float wet = 1 - 0.42F * sun_.wetness;
  switch (triangle.material.pattern) {
    case Pattern::kPlain: return base;
    case Pattern::kSoil: {
      const float broad = noise(p.x * 0.012F, p.y * 0.012F);
      const float fine = noise(p.x * 0.11F, p.y * 0.11F);
      const float stones = noise(p.x * 0.9F, p.y * 0.9F);
      // Ruts of wheels along the site road.
      const float rut =
          std::abs(std::sin(p.x * 1.1F + 2 * broad)) < 0.18F && fine > 0.45F ? 0.86F : 1;
      return base * ((0.62F + 0.42F * broad + 0.26F * fine + 0.16F * stones) * rut * wet);
    }
    case Pattern::kGrass: {
      const float broad = noise(p.x * 0.02F, p.y * 0.02F);
      const float fine = noise(p.x * 0.35F, p.y * 0.35F);
      return mix(base, base * Vec3{1.5F, 1.15F, 0.8F}, broad) * (0.7F + 0.5F * fine);
    }
    case Pattern::kConcrete:
      return base * ((0.86F + 0.22F * noise(p.x * 0.09F + p.z * 0.07F, p.y * 0.09F + p.z * 0.05F)) *
                     (triangle.normal.z > 0.9F ? wet : 1));
    case Pattern::kAsphalt: return base * ((0.82F + 0.3F * noise(p.x * 0.4F, p.y * 0.4F)) * wet);
    case Pattern::kCorrugated: {
      const float along = std::abs(triangle.normal.x) > 0.7F ? p.y : p.x;
      const float rib = std::sin(along * 2 * kPi / 0.45F);
      return base * (0.94F + 0.07F * rib + 0.05F * noise(along * 0.05F, p.z * 0.05F));
    }
    case Pattern::kRoof: {
      const float rib = std::sin(p.x * 2 * kPi / 0.6F);
      return base * (0.92F + 0.06F * rib + 0.10F * noise(p.x * 0.02F, p.y * 0.02F));
    }
    case Pattern::kBrick: {
      const float along = std::abs(triangle.normal.x) > 0.7F ? p.y : p.x;
      const float row = p.z / 0.14F;
      const float joint = row - std::floor(row) < 0.14F ? 0.80F : 1;
      return base * (joint * (0.82F + 0.3F * noise(along * 0.6F, p.z * 1.7F)));
    }
    case Pattern::kGlass: return base;
    case Pattern::kLeaves:
      return base * (0.55F + 0.9F * noise(p.x * 0.31F + p.z * 0.13F, p.y * 0.31F + p.z * 0.29F));
  }
  return base;
}

Vec3 Renderer::shade(const Triangle& triangle, Vec3 p, Vec3 eye) const {
  Vec3 normal = triangle.normal;
  const Vec3 view = normalized(p - eye);
  if (dot(normal, view) > 0) normal = normal * -1;
  const float facing = std::max(0.0F, dot(normal, sun_.direction));
  const float direct = facing > 0 ? facing * sunlit(p, normal) : 0;
  // The sky lights what faces up most; soil throws a warm light back.
  const float open = 0.58F + 0.42F * normal.z;
  const Vec3 ground_light = Vec3{0.10F, 0.085F, 0.065F} * (1 - open);
  const Vec3 albedo = surface(triangle, p);
  Vec3 color = albedo * (sun_.light * direct + sun_.ambient * open + ground_light);
  if (triangle.material.pattern == Pattern::kGlass) {
    const Vec3 mirrored = view - normal * (2 * dot(view, normal));
    const float fresnel = 0.25F + 0.6F * std::pow(1 - std::abs(dot(view, normal)), 3.0F);
    color = mix(color, sky(normalized({mirrored.x, mirrored.y, std::abs(mirrored.z)})), fresnel);
  }
  const float distance = length(p - eye);
  return mix(color, sun_.horizon, 1 - std::exp(-distance * sun_.haze));
}

cv::Mat Renderer::draw(const Mesh& mesh, const Camera& camera, cv::Size size,
                       std::uint32_t frame) const {
  const int width = size.width * kSupersampling;
  const int height = size.height * kSupersampling;
  const float focal = static_cast<float>(height) / 2 / std::tan(camera.fov / 2);
  const Vec3 forward{std::sin(camera.yaw) * std::cos(camera.pitch),
                     std::cos(camera.yaw) * std::cos(camera.pitch), std::sin(camera.pitch)};
  const Vec3 level = normalized(cross(forward, {0, 0, 1}));
  const Vec3 upright = cross(level, forward);
  const Vec3 right = level * std::cos(camera.roll) + upright * std::sin(camera.roll);
  const Vec3 up = upright * std::cos(camera.roll) - level * std::sin(camera.roll);
  const float middle_x = static_cast<float>(width) / 2;
  const float middle_y = static_cast<float>(height) / 2;

  const ScreenMesh screen = project(
      mesh, {camera.position, right, up, forward, focal, middle_x, middle_y, kNear, width, height});
  cv::Mat3b picture(size);
  constexpr int kBand = 32;
  cv::parallel_for_(cv::Range(0, (height + kBand - 1) / kBand), [&](const cv::Range& bands) {
    std::vector<float> inverse_depth;
    std::vector<std::int32_t> owner;
    for (int band = bands.start; band < bands.end; ++band) {
      const int top = band * kBand;
      const int bottom = std::min(height, top + kBand);
      const auto pixels = static_cast<std::size_t>(bottom - top) * static_cast<std::size_t>(width);
      inverse_depth.assign(pixels, 0.0F);
      owner.assign(pixels, -1);
      for (const ScreenTriangle& t : screen) {
        if (t.bottom < static_cast<float>(top) || t.top > static_cast<float>(bottom)) continue;
        raster_triangle(t.a, t.b, t.c, width, top, bottom, [&](int x, int y, float depth) {
          const std::size_t at =
              static_cast<std::size_t>(y - top) * static_cast<std::size_t>(width) +
              static_cast<std::size_t>(x);
          if (depth > inverse_depth[at]) {
            inverse_depth[at] = depth;
            owner[at] = t.index;
          }
        });
      }
      const auto light_at = [&](std::size_t at, int x, int y) {
        const Vec3 ray = forward + right * ((static_cast<float>(x) + 0.5F - middle_x) / focal) +
                         up * ((middle_y - static_cast<float>(y) - 0.5F) / focal);
        if (owner[at] < 0) return sky(normalized(ray));
        return shade(mesh.triangles()[static_cast<std::size_t>(owner[at])],
                     camera.position + ray * (1 / inverse_depth[at]), camera.position);
      };
      // Four samples for each pixel; what they have in common is lit once, so edges are smooth and
      // surfaces cheap.
      for (int y = top; y < bottom; y += kSupersampling) {
        for (int x = 0; x < width; x += kSupersampling) {
          const std::size_t first =
              static_cast<std::size_t>(y - top) * static_cast<std::size_t>(width) +
              static_cast<std::size_t>(x);
          const std::array<std::size_t, 4> at{first, first + 1,
                                              first + static_cast<std::size_t>(width),
                                              first + static_cast<std::size_t>(width) + 1};
          std::array<Vec3, 4> lit;
          Vec3 color;
          for (std::size_t i = 0; i < at.size(); ++i) {
            std::size_t same = 0;
            while (owner[at[same]] != owner[at[i]]) ++same;
            lit[i] = same < i ? lit[same]
                              : light_at(at[i], x + static_cast<int>(i % 2),
                                         y + static_cast<int>(i / 2));
            color = color + lit[i] * 0.25F;
          }
          picture(y / kSupersampling, x / kSupersampling) = {tones.of(color.z), tones.of(color.y),
                                                             tones.of(color.x)};
        }
      }
    }
  });
  finish(picture, frame);
  return picture;
}

void Renderer::finish(cv::Mat& picture, std::uint32_t frame) const {
  if (light_.weather == Weather::kRain) {
    cv::Mat streaks = picture.clone();
    for (std::uint32_t drop = 0; drop < 420; ++drop) {
      const float x = random01(light_.seed + frame, drop * 3) * static_cast<float>(picture.cols);
      const float y =
          random01(light_.seed + frame, drop * 3 + 1) * static_cast<float>(picture.rows);
      const float size = (0.015F + 0.03F * random01(light_.seed + frame, drop * 3 + 2)) *
                         static_cast<float>(picture.rows);
      cv::line(streaks, cv::Point(static_cast<int>(x), static_cast<int>(y)),
               cv::Point(static_cast<int>(x - size * 0.16F), static_cast<int>(y + size)),
               cv::Scalar(200, 196, 190), 1, cv::LINE_AA);
    }
    cv::addWeighted(picture, 0.72, streaks, 0.28, 0, picture);
  }
  // Grain of a small sensor, the same for all channels.
  cv::RNG random(light_.seed * 7919U + frame + 1);
  cv::Mat1s grain(picture.rows / 2, picture.cols / 2);
  random.fill(grain, cv::RNG::NORMAL, 0, light_.weather == Weather::kClear ? 2.0 : 3.2);
  cv::Mat full;
  cv::resize(grain, full, picture.size(), 0, 0, cv::INTER_LINEAR);
  cv::Mat coloured;
  cv::merge(std::array<cv::Mat, 3>{full, full, full}, coloured);
  cv::add(picture, coloured, picture, cv::noArray(), CV_8U);
}

}  // namespace sitecast::scenery
