// The page of the API: what /openapi.json says, by Swagger UI, which is served here and asks nobody else.
"use strict";

window.SwaggerUIBundle({
  url: document.getElementById("swagger-ui").dataset.url,
  dom_id: "#swagger-ui",
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
});
