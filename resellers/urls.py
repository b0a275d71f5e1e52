app_name = "resellers"

urlpatterns: list = []
